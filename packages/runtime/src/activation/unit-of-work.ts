import {
  type Clock,
  errorToPortable,
  formatAddress,
  messageOf,
  type Outcome,
  repetitionKey,
  TroupeError,
} from "@troupe/core";
import type { ActorStorage, Changes, KeptCall } from "./actor-storage.ts";
import type { OutputGate } from "./output-gate.ts";
import type { Turn } from "./turn.ts";

/** Shared by all units that are empty, which is nearly all. Never changed. */
const NONE: never[] = [];

/**
 * A unit that has waited for so long for turns that overlap waits for no new ones: where calls
 * never cease, some turn would always run, and nothing be stored or answered. A unit of so many
 * turns does not either.
 */
const UNIT_MAX_MS = 100;
const UNIT_MAX_TURNS = 1_000;

interface EndedTurn {
  readonly turn: Turn;
  readonly outcome: Outcome;
}

/** The activation, as its unit of work sees it. */
export interface UnitOwner {
  readonly storage: ActorStorage;
  readonly gate: OutputGate;
  readonly clock: Clock;
  /** True: no new turn may start until it is false again. */
  holdBack(isHoldingBack: boolean): void;
  /** The outcome may leave now. */
  onAnswer(turn: Turn, outcome: Outcome): void;
  /** The turn is over: what waits for it in the mailbox may start. */
  onOver(turn: Turn): void;
}

/**
 * What is stored together: nearly always the changes of one turn.
 *
 * U1. What a turn changed is staged whole when it ends, and its outcome passes the gate behind that
 *     (D1).
 * U2. A turn that throws while no other is under way leaves no trace.
 * U3. Turns that overlap (interleaving ones) are one unit once anything has changed: it is staged
 *     when the last of them ends, and what a throwing one changed stays, because nobody can tell
 *     whose change it is. When that takes long, new turns wait for it.
 * U4. A nested turn is a part of the turn that waits for it, and is stored or rolled back with that
 *     one. Its outcome waits for what was staged before, not for the turn that waits for it.
 * U5. A turn is over only when its nested turns are, though it may have stopped to wait for them:
 *     else a half of such a turn would be stored, or rolled back (D1).
 */
export class UnitOfWork {
  readonly #owner: UnitOwner;
  /** Turns that run and may write. */
  #writers = 0;
  /** Nested turns that run. */
  #parts: Turn[] = NONE;
  /** Turns that would be over, but for their nested ones (U5). */
  #unfinished: EndedTurn[] = NONE;
  /** Turns that have ended and wait for the unit to be staged. */
  #ended: EndedTurn[] = NONE;
  /** When the first of them ended. */
  #endedAt = 0;
  /** What the unit has to keep of the calls that it served. */
  #served: KeptCall[] = NONE;

  constructor(owner: UnitOwner) {
    this.#owner = owner;
  }

  begin(turn: Turn): void {
    if (mayWrite(turn)) this.#writers++;
    if (turn.nested) this.#parts = [...this.#parts, turn];
  }

  end(turn: Turn, outcome: Outcome): void {
    // Nearly always none runs.
    if (this.#parts.length > 0 && this.#parts.some(({ parent }) => parent === turn)) {
      this.#unfinished = [...this.#unfinished, { turn, outcome }];
      return;
    }
    this.#end(turn, outcome);
    if (!turn.nested) return;
    this.#parts = this.#parts.filter((other) => other !== turn);
    const parent = this.#unfinished.find((other) => other.turn === turn.parent);
    if (parent === undefined) return;
    this.#unfinished = this.#unfinished.filter((other) => other !== parent);
    this.end(parent.turn, parent.outcome);
  }

  #end(turn: Turn, outcome: Outcome): void {
    if (mayWrite(turn)) this.#writers--;
    const key = repetitionKey(turn.request);
    if (key === undefined && this.#isEmpty && !turn.nested && !this.#owner.storage.mayHaveChanges) {
      // Nearly every turn that changes nothing: it needs no unit.
      this.#settle(turn, outcome);
      return;
    }
    if (key !== undefined && outcome.kind === "value")
      this.#served = [...this.#served, { key, result: outcome.payload }];
    const isPart = turn.parent !== undefined && !turn.parent.ended;
    const leavesAlone =
      this.#writers > 0 &&
      this.#ended.length + this.#served.length === 0 &&
      !this.#owner.storage.hasChanges();
    if (isPart || leavesAlone) {
      this.#settle(turn, outcome);
      return;
    }
    this.#ended = [...this.#ended, { turn, outcome }];
    if (this.#writers === 0) this.#stage();
    else this.#holdBackIfLong();
  }

  #holdBackIfLong(): void {
    const now = this.#owner.clock.monotonic();
    if (this.#ended.length === 1) this.#endedAt = now;
    if (now - this.#endedAt >= UNIT_MAX_MS || this.#ended.length >= UNIT_MAX_TURNS)
      this.#owner.holdBack(true);
  }

  get #isEmpty(): boolean {
    return this.#writers + this.#ended.length + this.#served.length === 0;
  }

  #stage(): void {
    const ended = this.#ended;
    const served = this.#served;
    this.#ended = NONE;
    this.#served = NONE;
    this.#stageAll(ended, served);
    this.#owner.holdBack(false);
  }

  #stageAll(ended: readonly EndedTurn[], served: readonly KeptCall[]): void {
    const changes = this.#collect(ended, served);
    if (changes instanceof TroupeError) {
      this.#owner.storage.rollback();
      const error: Outcome = { kind: "error", payload: errorToPortable(changes) };
      for (const { turn, outcome } of ended)
        this.#settle(turn, outcome.kind === "value" ? error : outcome);
      return;
    }
    if (changes !== undefined) {
      this.#owner.storage.stage(changes);
      this.#owner.gate.stage();
    }
    for (const { turn, outcome } of ended) this.#settle(turn, outcome);
  }

  /** The changes of the turns that have ended; or the error why they must not be stored. */
  #collect(
    ended: readonly EndedTurn[],
    served: readonly KeptCall[],
  ): Changes | TroupeError | undefined {
    const [only, ...others] = ended;
    if (only !== undefined && others.length === 0 && only.outcome.kind === "error") {
      this.#owner.storage.rollback();
      return undefined;
    }
    try {
      const changes = this.#owner.storage.collect(served);
      const wrote =
        changes?.hasEffect === true && ended.every(({ turn }) => turn.concurrency === "readonly");
      return wrote && only !== undefined ? readonlyWrite(only.turn) : changes;
    } catch (error) {
      if (error instanceof TroupeError) return error;
      throw error;
    }
  }

  /**
   * The order matters: the outcome must take its place at the gate before another turn stages
   * anything.
   */
  #settle(turn: Turn, outcome: Outcome): void {
    if (this.#owner.gate.isOpen) {
      this.#owner.onAnswer(turn, outcome);
      this.#owner.onOver(turn);
      return;
    }
    this.#owner.gate.pass((failure) => {
      this.#owner.onAnswer(turn, failure === undefined ? outcome : unstored(turn, failure));
    });
    this.#owner.onOver(turn);
  }
}

/** A nested turn belongs to the one that waits for it, which is counted. */
function mayWrite(turn: Turn): boolean {
  return turn.concurrency !== "readonly" && !turn.nested;
}

/**
 * The store says that the write did not happen; the turn did, so its caller must not hear that it
 * has not run (C4).
 */
function unstored({ request }: Turn, failure: unknown): Outcome {
  if (!(failure instanceof TroupeError) || failure.ran !== "no")
    return { kind: "error", payload: errorToPortable(failure) };
  const message = `${formatAddress(request)}.${request.method}() ran, and what it changed could not be stored: ${messageOf(failure)}`;
  const { code, retryable } = failure;
  return {
    kind: "error",
    payload: errorToPortable(
      new TroupeError(code, message, { ran: "maybe", retryable, cause: failure }),
    ),
  };
}

function readonlyWrite({ request }: Turn): TroupeError {
  const message = `${formatAddress(request)}.${request.method}() is readonly but changed a durable slot in place; drop @readonly() or the change`;
  return new TroupeError("READONLY_WRITE", message);
}
