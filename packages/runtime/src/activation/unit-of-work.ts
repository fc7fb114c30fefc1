import { errorToPortable, formatAddress, messageOf, type Outcome, TroupeError } from "@troupe/core";
import type { ActorStorage, Changes, KeptCall } from "./actor-storage.ts";
import type { OutputGate } from "./output-gate.ts";
import type { Turn } from "./turn.ts";

interface EndedTurn {
  readonly turn: Turn;
  readonly outcome: Outcome;
}

export interface UnitOfWorkEvents {
  /** The outcome may leave now. */
  onAnswer(turn: Turn, outcome: Outcome): void;
  /** The turn is over: what waits for it in the mailbox may start. */
  onOver(turn: Turn): void;
}

/**
 * What is stored together: nearly always the changes of one turn.
 *
 * U1. What a turn changed is staged whole when it ends, and its outcome passes the gate behind that (D1).
 * U2. A turn that throws while no other is under way leaves no trace.
 * U3. Turns that overlap (interleaving ones) are one unit once anything has changed: it is staged when the last of them ends, and what
 *     a throwing one changed stays, because nobody can tell whose change it is.
 * U4. A nested turn is a part of the turn that waits for it, and is stored or rolled back with that one. Its outcome waits for
 *     what was staged before, not for the turn that waits for it.
 */
export class UnitOfWork {
  readonly #storage: ActorStorage;
  readonly #gate: OutputGate;
  readonly #events: UnitOfWorkEvents;
  /** Turns that run and may write. */
  #writers = 0;
  /** Turns that have ended and wait for the unit to be staged. */
  #ended: EndedTurn[] = [];
  /** What the unit has to keep of the calls that it served. */
  #served: KeptCall[] = [];

  constructor(storage: ActorStorage, gate: OutputGate, events: UnitOfWorkEvents) {
    this.#storage = storage;
    this.#gate = gate;
    this.#events = events;
  }

  begin(turn: Turn): void {
    if (mayWrite(turn)) this.#writers++;
  }

  end(turn: Turn, outcome: Outcome): void {
    if (mayWrite(turn)) this.#writers--;
    const key = turn.request.idempotencyKey;
    if (key === undefined && this.#isEmpty && !turn.nested && !this.#storage.mayHaveChanges) {
      // Nearly every turn that changes nothing: it needs no unit.
      this.#settle(turn, outcome);
      return;
    }
    if (key !== undefined && outcome.kind === "value") this.#served.push({ key, result: outcome.payload });
    const isPart = turn.parent !== undefined && !turn.parent.ended;
    const leavesAlone = this.#writers > 0 && this.#ended.length + this.#served.length === 0 && !this.#storage.hasChanges();
    if (isPart || leavesAlone) {
      this.#settle(turn, outcome);
      return;
    }
    this.#ended.push({ turn, outcome });
    if (this.#writers === 0) this.#stage();
  }

  get #isEmpty(): boolean {
    return this.#writers + this.#ended.length + this.#served.length === 0;
  }

  #stage(): void {
    const ended = this.#ended;
    const served = this.#served;
    this.#ended = [];
    this.#served = [];
    const changes = this.#collect(ended, served);
    if (changes instanceof TroupeError) {
      this.#storage.rollback();
      const error: Outcome = { kind: "error", payload: errorToPortable(changes) };
      for (const { turn, outcome } of ended) this.#settle(turn, outcome.kind === "value" ? error : outcome);
      return;
    }
    if (changes !== undefined) {
      this.#storage.stage(changes);
      this.#gate.stage();
    }
    for (const { turn, outcome } of ended) this.#settle(turn, outcome);
  }

  /** The changes of the turns that have ended; or the error why they must not be stored. */
  #collect(ended: readonly EndedTurn[], served: readonly KeptCall[]): Changes | TroupeError | undefined {
    const [only, ...others] = ended;
    if (only !== undefined && others.length === 0 && only.outcome.kind === "error") {
      this.#storage.rollback();
      return undefined;
    }
    try {
      const changes = this.#storage.collect(served);
      const wrote = changes?.hasEffect === true && ended.every(({ turn }) => turn.concurrency === "readonly");
      return wrote && only !== undefined ? readonlyWrite(only.turn) : changes;
    } catch (error) {
      if (error instanceof TroupeError) return error;
      throw error;
    }
  }

  /** The order matters: the outcome must take its place at the gate before another turn stages anything. */
  #settle(turn: Turn, outcome: Outcome): void {
    if (this.#gate.isOpen) {
      this.#events.onAnswer(turn, outcome);
      this.#events.onOver(turn);
      return;
    }
    this.#gate.pass((failure) => {
      this.#events.onAnswer(turn, failure === undefined ? outcome : unstored(turn, failure));
    });
    this.#events.onOver(turn);
  }
}

/** A nested turn belongs to the one that waits for it, which is counted. */
function mayWrite(turn: Turn): boolean {
  return turn.concurrency !== "readonly" && !turn.nested;
}

/** The store says that the write did not happen; the turn did, so its caller must not hear that it has not run (C4). */
function unstored({ request }: Turn, failure: unknown): Outcome {
  if (!(failure instanceof TroupeError) || failure.ran !== "no") return { kind: "error", payload: errorToPortable(failure) };
  const message = `${formatAddress(request)}.${request.method}() ran, and what it changed could not be stored: ${messageOf(failure)}`;
  const { code, retryable } = failure;
  return { kind: "error", payload: errorToPortable(new TroupeError(code, message, { ran: "maybe", retryable, cause: failure })) };
}

function readonlyWrite({ request }: Turn): TroupeError {
  const message = `${formatAddress(request)}.${request.method}() is readonly but changed a durable slot in place; drop @readonly() or the change`;
  return new TroupeError("READONLY_WRITE", message);
}
