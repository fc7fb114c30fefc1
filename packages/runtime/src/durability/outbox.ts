import { type ActorAddress, type Fields, toPortable, TroupeError } from "@troupe/core";
import { type DirtyFlag, type RecordChange, RecordTable } from "../record-table.ts";

/** A durable send that has not yet arrived. */
export interface Letter {
  /** Higher than that of every earlier letter of the sender. */
  readonly seq: number;
  readonly type: string;
  readonly id: string;
  readonly method: string;
  /** In portable form. */
  readonly args: readonly unknown[];
  readonly headers: Readonly<Record<string, string>> | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly sentAt: number;
}

/** A letter that its receiver would not take. */
export interface DeadLetter extends Letter {
  readonly reason: string;
  readonly diedAt: number;
}

export interface OutboxState {
  /** The number of the last letter. */
  readonly lastSeq: number;
  /**
   * When somebody looks whether letters are left behind, in milliseconds since the Unix epoch;
   * undefined if nobody will.
   */
  readonly checkAt: number | undefined;
}

/** Letters of one actor that may be under way, and dead ones that are kept. */
const LETTERS_MAX = 1_000;

/** How soon after the death of a silo its letters are found. */
const CHECK_MS = 5_000;

const STATE = "state";

/**
 * The letters that an actor has sent and that have not yet arrived: a part of its durable state,
 * written with the turn that sent them (D7). While there are any, an entry of the due index stands
 * for them, so that a new owner of the actor finds them.
 */
export class Outbox {
  readonly #letters: RecordTable<Letter>;
  readonly #dead: RecordTable<DeadLetter>;
  readonly #state: RecordTable<OutboxState>;

  constructor(dirty: DirtyFlag) {
    this.#letters = new RecordTable("o:", dirty);
    this.#dead = new RecordTable("l:", dirty);
    this.#state = new RecordTable("n:", dirty);
  }

  load(fields: Fields): void {
    this.#letters.load(fields);
    this.#dead.load(fields);
    this.#state.load(fields);
  }

  /** Letters that have not yet arrived, in the order in which they were sent. */
  get letters(): Letter[] {
    return this.#letters.values().toSorted((one, other) => one.seq - other.seq);
  }

  get deadLetters(): DeadLetter[] {
    return this.#dead.values().toSorted((one, other) => one.seq - other.seq);
  }

  get isEmpty(): boolean {
    return this.#letters.size === 0;
  }

  get lastSeq(): number {
    return this.#state.find(STATE)?.lastSeq ?? 0;
  }

  get checkAt(): number | undefined {
    return this.#state.find(STATE)?.checkAt;
  }

  /** What counts as stored, whatever a turn that runs has made of it. */
  get adoptedState(): OutboxState | undefined {
    return this.#state.findAdopted(STATE);
  }

  /**
   * Throws `NOT_SERIALIZABLE` or `PAYLOAD_TOO_LARGE` for wrong arguments, `OVERLOADED` if too many
   * letters are under way.
   */
  post(
    to: ActorAddress,
    call: Pick<Letter, "method" | "headers"> & { readonly args: readonly unknown[] },
    sentAt: number,
  ): void {
    if (this.#letters.size >= LETTERS_MAX) {
      const message = `${LETTERS_MAX} letters of this actor are under way; send less, or wait until some have arrived`;
      throw new TroupeError("OVERLOADED", message, { ran: "yes" });
    }
    const args = toPortable(call.args, { root: "args" }).value as unknown[];
    const { type, id } = to;
    const seq = this.lastSeq + 1;
    this.#letters.put(String(seq), {
      seq,
      type,
      id,
      method: call.method,
      args,
      headers: call.headers,
      sentAt,
    });
    this.#state.put(STATE, { lastSeq: seq, checkAt: this.checkAt ?? sentAt + CHECK_MS });
  }

  /** The letter has arrived. */
  arrived(seq: number): void {
    if (this.#letters.find(String(seq)) !== undefined) this.#letters.put(String(seq), undefined);
  }

  /** The letter is given up: it is kept among the dead ones, of which the oldest go first. */
  die(seq: number, reason: string, diedAt: number): void {
    const letter = this.#letters.find(String(seq));
    if (letter === undefined) return;
    this.#letters.put(String(seq), undefined);
    const [oldest] = this.#dead.size >= LETTERS_MAX ? this.deadLetters : [];
    if (oldest !== undefined) this.#dead.put(String(oldest.seq), undefined);
    this.#dead.put(String(seq), { ...letter, reason, diedAt });
  }

  /** Sends a dead letter again, under a new number. False if there is none of this number. */
  revive(seq: number, now: number): boolean {
    const letter = this.#dead.find(String(seq));
    if (letter === undefined) return false;
    this.#dead.put(String(seq), undefined);
    this.post(letter, letter, now);
    return true;
  }

  /** Somebody has looked for what was left behind; if anything was, somebody will again. */
  checked(now: number): void {
    this.#state.put(STATE, {
      lastSeq: this.lastSeq,
      checkAt: this.isEmpty ? undefined : now + CHECK_MS,
    });
  }

  collect(): RecordChange<unknown>[] {
    return [...this.#letters.collect(), ...this.#dead.collect(), ...this.#state.collect()];
  }

  adopt(): void {
    this.#letters.adopt();
    this.#dead.adopt();
    this.#state.adopt();
  }

  rollback(): void {
    this.#letters.rollback();
    this.#dead.rollback();
    this.#state.rollback();
  }
}
