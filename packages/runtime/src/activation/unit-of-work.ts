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
import type { LaterAnswer } from "@troupe/sdk";
import { laterOutcome } from "./later-outcome.ts";
import type { OutputGate } from "./output-gate.ts";
import type { Turn } from "./turn.ts";

/** Shared by all units that are empty, which is nearly all. Never changed. */
const NONE: never[] = [];
const NO_TURNS: readonly Turn[] = NONE;

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

/** What waits to be staged together. Made when something does, since most activations are idle. */
class OpenUnit {
  /** Turns that have ended. */
  readonly ended: EndedTurn[] = [];
  /** What is kept of the calls that the unit served. */
  served: readonly KeptCall[] = NONE;
  /** When the first turn ended. */
  endedAt = 0;
}

/** The activation, as its unit of work sees it. */
export interface UnitOwner {
  readonly storage: ActorStorage;
  readonly gate: OutputGate;
  readonly clock: Clock;
  readonly running: readonly Turn[];
  /** True: no new turn may start until it is false again. */
  holdBack(isHoldingBack: boolean): void;
  /** Something waits for turns that run. */
  onWait(): void;
  /** The actor's stored life is over, and its activation has to end. */
  onDestroyed(): void;
  /** The outcome may leave now. */
  onAnswer(turn: Turn, outcome: Outcome): void;
  /** The turn is over: what waits for it in the mailbox may start. */
  onOver(turn: Turn): void;
}

/**
 * What is stored together: nearly always the changes of one turn.
 *
 * UNIT-1. What a turn changed is staged whole when it ends, and its outcome passes the gate behind
 *         that (D1).
 * UNIT-2. A turn that throws while no other is under way leaves no trace.
 * UNIT-3. Turns that overlap (interleaving ones) are one unit once anything has changed. It is
 *         staged when the last of them ends. What a throwing one changed stays, because nobody can
 *         tell whose change it is. When that takes long, new turns wait for it.
 * UNIT-4. A nested turn is a part of the turn that waits for it, and is stored or rolled back with
 *         that one. Its outcome waits for what was staged before, not for the turn that waits for
 *         it.
 *         A stream's turn counts from when it first changes something.
 * UNIT-5. A turn is over only when its nested turns are, though it may have stopped to wait for
 *         them: else a half of such a turn would be stored, or rolled back (D1).
 * UNIT-6. A stream's turn that has changed nothing, but has looked at the state while another turn
 *         was unfinished, ends after that turn, and fails if that is undone.
 * UNIT-7. A turn whose method answers later is over at once, and its answer passes the gate behind
 *         everything that was staged until that is known (D1).
 */
export class UnitOfWork {
  readonly #owner: UnitOwner;
  /** Turns that run and may write. */
  #writers = 0;
  /** Turns that would be over, but for their nested ones (UNIT-5). */
  #unfinished: readonly EndedTurn[] = NONE;
  #open: OpenUnit | undefined;
  /** Turns of streams that have looked at what others have not finished (UNIT-6). */
  #looked: Set<Turn> | undefined;
  /** Those of them that have seen what was undone. */
  #misled: WeakSet<Turn> | undefined;
  /** Those of them that have ended and wait for the others. */
  #observers: readonly EndedTurn[] = NONE;

  constructor(owner: UnitOwner) {
    this.#owner = owner;
  }

  begin(turn: Turn): void {
    if (mayWrite(turn)) this.#writers++;
    if (turn.concurrency === "stream") this.#owner.storage.watchLooks();
  }

  /** A turn of a stream looks at the state. */
  look(turn: Turn): void {
    if (this.#writers > 0 && turn.holdsNothing) (this.#looked ??= new Set()).add(turn);
  }

  /** A turn of a stream, which was not counted so far, changes something. */
  join(turn: Turn): void {
    this.#looked?.delete(turn);
    this.#writers++;
  }

  /** Turns that have ended and wait for those that overlap with them. */
  get endedTurns(): readonly Turn[] {
    const ended = this.#open?.ended ?? NONE;
    if (ended.length === 0 && this.#observers.length === 0) return NO_TURNS;
    return [...ended, ...this.#observers].map(({ turn }) => turn);
  }

  /** One that was given up has no effect any more, whatever it comes to. */
  end(turn: Turn, outcome: Outcome): void {
    if (turn.ended) return;
    const { running } = this.#owner;
    // Nearly always it runs alone.
    if (running.length > 1 && running.some(({ parent }) => parent === turn)) {
      this.#unfinished = [...this.#unfinished, { turn, outcome }];
      return;
    }
    this.#end(turn, outcome);
    if (!turn.nested) return;
    const parent = this.#unfinished.find((other) => other.turn === turn.parent);
    if (parent === undefined) return;
    this.#unfinished = this.#unfinished.filter((other) => other !== parent);
    this.end(parent.turn, parent.outcome);
  }

  #end(turn: Turn, given: Outcome): void {
    const outcome = this.#misled?.has(turn) === true ? sawUndone(turn) : given;
    if (this.#looked?.has(turn) === true) {
      this.#observers = [...this.#observers, { turn, outcome }];
      this.#owner.onWait();
      return;
    }
    if (mayWrite(turn)) this.#writers--;
    const key = repetitionKey(turn.request);
    const isAlone = this.#open === undefined && this.#writers === 0;
    if (key === undefined && isAlone && !turn.nested && !this.#owner.storage.mayHaveChanges) {
      // Nearly every turn that changes nothing: it needs no unit.
      this.#settleObservers(false);
      this.#settle(turn, outcome);
      return;
    }
    if (key !== undefined && outcome.kind === "value") {
      const open = this.#opened();
      open.served = [...open.served, { key, result: outcome.payload }];
    }
    const isPart = turn.parent !== undefined && !turn.parent.ended;
    const leavesAlone =
      this.#writers > 0 &&
      (turn.holdsNothing || (this.#open === undefined && !this.#owner.storage.hasChanges()));
    if (isPart || leavesAlone) {
      this.#settle(turn, outcome);
      return;
    }
    const open = this.#opened();
    open.ended.push({ turn, outcome });
    if (this.#writers === 0) this.#stage(open);
    else this.#holdBackIfLong(open);
  }

  #opened(): OpenUnit {
    return (this.#open ??= new OpenUnit());
  }

  #holdBackIfLong(open: OpenUnit): void {
    const now = this.#owner.clock.monotonic();
    if (open.ended.length === 1) {
      open.endedAt = now;
      this.#owner.onWait();
    }
    if (now - open.endedAt >= UNIT_MAX_MS || open.ended.length >= UNIT_MAX_TURNS)
      this.#owner.holdBack(true);
  }

  #stage(open: OpenUnit): void {
    this.#open = undefined;
    this.#stageAll(open);
    this.#owner.holdBack(false);
  }

  #stageAll({ ended, served }: OpenUnit): void {
    const changes = this.#collect(ended, served);
    if (changes instanceof TroupeError) {
      this.#owner.storage.rollback();
      this.#settleObservers(true);
      const error: Outcome = { kind: "error", payload: errorToPortable(changes) };
      for (const { turn, outcome } of ended)
        this.#settle(turn, outcome.kind === "value" ? error : outcome);
      return;
    }
    if (changes !== undefined) {
      this.#owner.storage.stage(changes);
      this.#owner.gate.stage();
      // Before what waits could start on a memory that is not what is stored.
      if (changes.isEnd) this.#owner.onDestroyed();
    }
    this.#settleObservers(isUndone(ended));
    for (const { turn, outcome } of ended) this.#settle(turn, outcome);
  }

  /**
   * Nothing is unfinished any more. To be told before those that were are over: the next turns
   * start with their end.
   */
  #settleObservers(seenIsUndone: boolean): void {
    if (this.#looked === undefined) return;
    if (seenIsUndone) for (const turn of this.#looked) (this.#misled ??= new WeakSet()).add(turn);
    this.#looked = undefined;
    const observers = this.#observers;
    this.#observers = NONE;
    for (const { turn, outcome } of observers)
      this.#settle(turn, seenIsUndone ? sawUndone(turn) : outcome);
  }

  /** The changes of the turns that have ended; or the error why they must not be stored. */
  #collect(
    ended: readonly EndedTurn[],
    served: readonly KeptCall[],
  ): Changes | TroupeError | undefined {
    const [only] = ended;
    if (isUndone(ended)) {
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
    if (outcome.kind === "value") turn.keep();
    if (turn.later !== undefined && outcome.kind === "value")
      void this.#settleLater(turn, turn.later);
    else if (this.#owner.gate.isOpen) this.#owner.onAnswer(turn, outcome);
    else this.#passGate(turn, outcome);
    this.#owner.onOver(turn);
  }

  #passGate(turn: Turn, outcome: Outcome): void {
    this.#owner.gate.pass((failure) => {
      this.#owner.onAnswer(turn, failure === undefined ? outcome : unstored(turn, failure));
    });
  }

  /** UNIT-7. The time until then is not the turn's. */
  async #settleLater(turn: Turn, later: LaterAnswer): Promise<void> {
    turn.startedAt = undefined;
    const outcome = await laterOutcome(later);
    this.#passGate(turn, outcome);
  }
}

/** A nested turn belongs to the one that waits for it, which is counted. */
function mayWrite(turn: Turn): boolean {
  return turn.concurrency !== "readonly" && !turn.nested && !turn.holdsNothing;
}

/** A turn that throws, and that no other overlaps with, leaves no trace (UNIT-2). */
function isUndone(ended: readonly EndedTurn[]): boolean {
  const [only] = ended;
  return ended.length === 1 && only?.outcome.kind === "error";
}

function sawUndone({ request }: Turn): Outcome {
  const message = `an item of ${formatAddress(request)}.${request.method}() may show what a turn changed that threw; open the stream again`;
  return { kind: "error", payload: errorToPortable(new TroupeError("MOVED", message)) };
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
