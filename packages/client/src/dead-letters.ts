import { type ActorAddress, formatAddress, shownValue, TroupeError } from "@troupe/core";
import { type Actor, type ActorClass, deadLetter, listOf } from "@troupe/sdk";

/**
 * A durable send (`this.send(Type, id).method(…)`) that was given up: its receiver kept throwing,
 * or did not take it. It stays with its sender until it is sent again or dropped.
 */
export interface DeadLetter {
  /** Tells it from the other sends of the same actor. Later ones have higher numbers. */
  readonly seq: number;
  /** The receiver. */
  readonly to: ActorAddress;
  readonly method: string;
  readonly args: readonly unknown[];
  /** Why it was given up. */
  readonly reason: string;
  /** When it was sent, in milliseconds since the Unix epoch. */
  readonly sentAt: number;
  /** When it was given up, in milliseconds since the Unix epoch. */
  readonly diedAt: number;
}

/**
 * The dead letters of one actor, as `deadLetters(Type, id)` of a cluster or silo gives them. Each
 * method is a turn of that actor, so it wakes the actor, and it rejects as a call would. A client
 * has to be an operator, or it gets `FORBIDDEN`.
 */
export interface DeadLetters {
  /** All of them, in the order in which they were sent. At most 1,000 are kept. */
  list(): Promise<readonly DeadLetter[]>;
  /**
   * Sends the letter again, under a new number and behind everything that the actor has sent since.
   * Resolves with false if there is no letter of this number.
   */
  resend(seq: number): Promise<boolean>;
  /** Forgets the letter. Resolves with false if there is no letter of this number. */
  drop(seq: number): Promise<boolean>;
}

/** `deadLetters(Account, "alice")` on a silo and on a client. */
export interface DeadLetterAccess {
  /**
   * The durable sends of one actor that were given up.
   *
   * @example
   * ```ts
   * const letters = cluster.deadLetters(Account, "alice");
   * for (const { seq } of await letters.list()) await letters.resend(seq);
   * ```
   */
  deadLetters<A extends Actor>(type: ActorClass<A> | string, id: string): DeadLetters;
}

const letters = listOf(deadLetter);

/** Runs a turn of the actor. */
type RunTurn = (turn: `$${string}`, args: readonly unknown[]) => Promise<unknown>;

export class ActorDeadLetters implements DeadLetters {
  readonly #sender: string;
  readonly #run: RunTurn;

  constructor(sender: ActorAddress, run: RunTurn) {
    this.#sender = formatAddress(sender);
    this.#run = run;
  }

  async list(): Promise<readonly DeadLetter[]> {
    const found = letters.read(
      await this.#run("$letters", []),
      `the dead letters of ${this.#sender}`,
    );
    return found.map(({ type, id, ...letter }) => ({ ...letter, to: { type, id } }));
  }

  async resend(seq: number): Promise<boolean> {
    return (await this.#run("$resend", [checkedNumber(seq)])) === true;
  }

  async drop(seq: number): Promise<boolean> {
    return (await this.#run("$drop", [checkedNumber(seq)])) === true;
  }
}

function checkedNumber(seq: unknown): number {
  if (typeof seq === "number" && Number.isSafeInteger(seq) && seq > 0) return seq;
  throw new TroupeError(
    "BAD_CONFIG",
    `a dead letter has a number, not ${shownValue(seq)}; give the seq that list() shows`,
  );
}
