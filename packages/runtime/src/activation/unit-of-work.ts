import { errorToPortable, formatAddress, type Outcome, TroupeError } from "@troupe/core";
import type { ActorStorage, Changes } from "./actor-storage.ts";
import type { Turn } from "./turn.ts";

interface EndedTurn {
  readonly turn: Turn;
  readonly outcome: Outcome;
}

export interface UnitOfWorkEvents {
  /** The outcome may leave now. */
  onSettled(turn: Turn, outcome: Outcome): void;
  /** A commit failed: memory is no longer what is stored. */
  onBroken(error: unknown): void;
}

/**
 * What is stored together: nearly always the changes of one turn.
 *
 * U1. The outcome of a turn leaves after everything that the turn changed or could see was stored (D1).
 * U2. A turn that throws while no other is under way leaves no trace.
 * U3. Turns that overlap (interleaving ones) are one unit once anything has changed: it is stored when the last of them ends, and what
 *     a throwing one changed stays, because nobody can tell whose change it is.
 * U4. A nested turn is a part of the turn that waits for it, and is stored or rolled back with that one.
 */
export class UnitOfWork {
  readonly #storage: ActorStorage;
  readonly #events: UnitOfWorkEvents;
  /** Turns that run and may write. */
  #writers = 0;
  /** Turns that have ended and wait for the unit to be stored. */
  #ended: EndedTurn[] = [];

  constructor(storage: ActorStorage, events: UnitOfWorkEvents) {
    this.#storage = storage;
    this.#events = events;
  }

  begin(turn: Turn): void {
    if (mayWrite(turn)) this.#writers++;
  }

  end(turn: Turn, outcome: Outcome): void {
    if (mayWrite(turn)) this.#writers--;
    if (turn.parent !== undefined && !turn.parent.ended) {
      this.#events.onSettled(turn, outcome);
      return;
    }
    if (this.#writers > 0 && this.#ended.length === 0 && !this.#storage.hasChanges()) {
      this.#events.onSettled(turn, outcome);
      return;
    }
    this.#ended.push({ turn, outcome });
    if (this.#writers === 0) this.#settle();
  }

  #settle(): void {
    const ended = this.#ended;
    this.#ended = [];
    const changes = this.#collect(ended);
    if (changes instanceof TroupeError) {
      this.#storage.rollback();
      this.#settleAll(ended, changes);
    } else if (changes === undefined) {
      this.#settleAll(ended);
    } else {
      this.#storage.commit(changes).then(
        () => this.#settleAll(ended),
        (error: unknown) => {
          this.#events.onBroken(error);
          this.#settleAll(ended, error);
        },
      );
    }
  }

  /** The changes of the turns that have ended; or the error why they must not be stored. */
  #collect(ended: readonly EndedTurn[]): Changes | TroupeError | undefined {
    const [only, ...others] = ended;
    if (only !== undefined && others.length === 0 && only.outcome.kind === "error") {
      this.#storage.rollback();
      return undefined;
    }
    try {
      const changes = this.#storage.collect();
      const wrote = changes !== undefined && ended.every(({ turn }) => turn.concurrency === "readonly");
      return wrote && only !== undefined ? readonlyWrite(only.turn) : changes;
    } catch (error) {
      if (error instanceof TroupeError) return error;
      throw error;
    }
  }

  #settleAll(ended: readonly EndedTurn[], failure?: unknown): void {
    for (const { turn, outcome } of ended) {
      const failed = failure !== undefined && outcome.kind === "value";
      this.#events.onSettled(turn, failed ? { kind: "error", payload: errorToPortable(failure) } : outcome);
    }
  }
}

/** A nested turn belongs to the one that waits for it, which is counted. */
function mayWrite(turn: Turn): boolean {
  return turn.concurrency !== "readonly" && !turn.nested;
}

function readonlyWrite({ request }: Turn): TroupeError {
  const message = `${formatAddress(request)}.${request.method}() is readonly but changed a durable slot in place; drop @readonly() or the change`;
  return new TroupeError("READONLY_WRITE", message);
}
