import {
  formatAddress,
  type ActorAddress,
  BackgroundWork,
  type Clock,
  type DueEntry,
  type Logger,
  messageOf,
  type Random,
  type ReminderStore,
  type Scheduled,
  TroupeError,
} from "@troupe/core";
import { DueQueue, entryKey } from "./due-queue.ts";

/**
 * How far ahead the index is read: what is due sooner stands in memory and ticks to the
 * millisecond.
 */
const HORIZON_MS = 10_000;

/** How often it is read. Twice a horizon, so that one failed reading delays nothing. */
const READ_EVERY_MS = HORIZON_MS / 2;

/** Entries of one reading. If there are more, the rest is read when these have ticked. */
const READ_MAX = 5_000;

/** Ticks under way at the same time. The rest waits, the longest overdue first. */
const TICKS_MAX = 256;

/**
 * Ticks under way or waiting to be tried again. So many that fail hold up no others: it is less
 * than one reading brings. Each is tried once a second at least, so more would cost the silo much
 * when all of them fail.
 */
const UNDONE_MAX = 4_000;

const EARLY_PAUSE_MS = 20;

/** Between tries to reach an actor, not to run its handler. */
const UNREACHED_PAUSE_MS = 1_000;

/** Pauses are longer by up to this part of them. */
const JITTER = 0.5;

const LONGEST_BACKOFF_MS = 60_000;

/** What became of a tick. */
export type TickOutcome =
  /**
   * It ran and is stored, or there was nothing to run: the entry has done its duty, and is gone.
   */
  | { readonly kind: "done" }
  /** The actor's silo has a wall clock that is behind this one's. */
  | { readonly kind: "early" }
  /** The handler threw; its schedule says how often and how soon it may be tried again. */
  | { readonly kind: "threw"; readonly attempts: number; readonly backoffMs: number };

interface NextAttempt {
  readonly attempt: number;
  readonly pauseMs: number;
}

export interface ReminderServiceParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly store: ReminderStore;
  /** True if this silo owns the actor in the current view. */
  owns(address: ActorAddress): boolean;
  /** Brings a tick to its actor. Rejects if it is unknown what became of it. */
  tick(entry: DueEntry, attempt: number): Promise<TickOutcome>;
  /** Lets the schedule move on without the tick, which threw too often. */
  skip(entry: DueEntry): Promise<void>;
}

/**
 * Makes the reminders of this silo's actors tick.
 *
 * REM-1. What is due within the horizon is in memory: read from the index, or told by the actor
 *     that set it. So an idle reminder costs nothing, and no reminder waits for a poll (D5).
 * REM-2. An entry leaves the index only after its tick is stored, or was found to stand for
 *     nothing; the actor itself takes it out, in order with what it puts in (D3).
 * REM-3. A reminder belongs to the silo that owns its actor: a view that moves keys makes the new
 *     owner read the index (D4).
 * REM-4. Nothing ticks before its time on the wall clock.
 */
export class ReminderService {
  readonly #parts: ReminderServiceParts;
  readonly #queue = new DueQueue();
  readonly #work: BackgroundWork;
  /** The ticks under way, and those that wait to be tried again. */
  readonly #undone = new Set<string>();
  #underWay = 0;
  #buckets: readonly number[] = [];
  #wake: Scheduled | undefined;
  #nextRead: Scheduled | undefined;
  #reading: Promise<void> | undefined;
  #readAgain = false;
  /** True if the last reading left some of what is due in the index. */
  #hasMore = false;
  #stopped = true;
  #readMax = READ_MAX;
  /** The time up to which the index was read. */
  #horizon = 0;

  constructor(parts: ReminderServiceParts) {
    this.#parts = parts;
    this.#work = new BackgroundWork((error) => {
      const reason = messageOf(error);
      parts.logger.error({ reason }, "making reminders tick failed; please report this");
    });
  }

  start(): void {
    this.#stopped = false;
    this.#read();
  }

  /** Ticks that are under way go on. */
  stop(): void {
    this.#stopped = true;
    this.#wake?.cancel();
    this.#nextRead?.cancel();
    this.#queue.clear();
  }

  /** Resolves when nothing that was begun is under way any more. */
  async ended(): Promise<void> {
    await this.#reading;
    await this.#work.ended();
  }

  /** The buckets that hold this silo's reminders, after a change of the view. */
  setBuckets(buckets: Iterable<number>): void {
    this.#buckets = [...buckets];
    this.#read();
  }

  /** Others have let go of actors that are this silo's now. */
  readNow(): void {
    this.#read();
  }

  /** An actor of this silo has stored reminders with these due times. */
  planned(entries: readonly DueEntry[]): void {
    for (const entry of entries) {
      if (entry.dueAt <= this.#horizon) this.#queue.push(entry);
    }
    this.#fire();
  }

  #read(): void {
    if (this.#stopped) return;
    this.#hasMore = false;
    this.#nextRead?.cancel();
    if (this.#reading !== undefined) {
      this.#readAgain = true;
      return;
    }
    this.#reading = this.#readIndex().finally(() => {
      this.#reading = undefined;
      if (this.#stopped) return;
      if (this.#readAgain) {
        this.#readAgain = false;
        this.#read();
      } else {
        this.#nextRead = this.#parts.clock.schedule(READ_EVERY_MS, () => this.#read());
      }
    });
  }

  async #readIndex(): Promise<void> {
    const { clock, store, logger } = this.#parts;
    const until = clock.now() + HORIZON_MS;
    // Before the reading: what is set meanwhile may not be in it.
    this.#horizon = until;
    try {
      const entries = await store.due(this.#buckets, until, this.#readMax);
      if (this.#stopped) return;
      const own = entries.filter((entry) => this.#parts.owns(entry.address));
      for (const entry of own) if (!this.#undone.has(entryKey(entry))) this.#queue.push(entry);
      this.#hasMore = entries.length === this.#readMax;
      // A bucket on a border may be full of another silo's reminders; then more has to be read to
      // find this one's.
      this.#readMax =
        this.#hasMore && own.length * 2 < entries.length ? this.#readMax * 2 : READ_MAX;
      this.#fire();
    } catch (error) {
      logger.warn({ reason: messageOf(error) }, "due reminders could not be read; trying again");
    }
  }

  /** Starts every tick that is due, and schedules itself for the next one. */
  #fire(): void {
    if (this.#stopped) return;
    const now = this.#parts.clock.now();
    for (let next = this.#queue.peek(); next !== undefined; next = this.#queue.peek()) {
      if (next.dueAt > now || this.#isFull) break;
      this.#queue.pop();
      if (this.#parts.owns(next.address)) this.#work.add(this.#tick(next, 1));
    }
    this.#wake?.cancel();
    if (this.#isFull) return;
    const next = this.#queue.peek();
    if (next === undefined) {
      if (this.#hasMore) this.#read();
      return;
    }
    this.#wake = this.#parts.clock.schedule(Math.max(1, Math.ceil(next.dueAt - now)), () =>
      this.#fire(),
    );
  }

  get #isFull(): boolean {
    return this.#underWay >= TICKS_MAX || this.#undone.size >= UNDONE_MAX;
  }

  async #tick(entry: DueEntry, attempt: number): Promise<void> {
    const key = entryKey(entry);
    this.#undone.add(key);
    this.#underWay++;
    const next = await this.#try(entry, attempt);
    this.#underWay--;
    if (next === undefined) this.#undone.delete(key);
    else this.#tickAgain(entry, next);
    this.#fire();
  }

  /** The next attempt, if there has to be one. */
  async #try(entry: DueEntry, attempt: number): Promise<NextAttempt | undefined> {
    try {
      const outcome = await this.#parts.tick(entry, attempt);
      if (outcome.kind === "early") {
        return { attempt, pauseMs: EARLY_PAUSE_MS };
      } else if (outcome.kind === "threw" && attempt >= outcome.attempts) {
        await this.#parts.skip(entry);
      } else if (outcome.kind === "threw") {
        return { attempt: attempt + 1, pauseMs: outcome.backoffMs * 2 ** (attempt - 1) };
      }
      return undefined;
    } catch (error) {
      const level = error instanceof TroupeError && error.retryable ? "debug" : "warn";
      this.#parts.logger[level](
        { actor: formatAddress(entry.address), reminder: entry.name, reason: messageOf(error) },
        "a tick did not get through; trying again",
      );
      return { attempt, pauseMs: UNREACHED_PAUSE_MS };
    }
  }

  #tickAgain(entry: DueEntry, next: NextAttempt): void {
    // Never twice the same: two actors whose ticks wait for each other would else meet again at
    // each try.
    const pauseMs =
      Math.min(next.pauseMs, LONGEST_BACKOFF_MS) * (1 + JITTER * this.#parts.random.next());
    this.#parts.clock.schedule(pauseMs, () => {
      if (this.#stopped || !this.#parts.owns(entry.address)) this.#undone.delete(entryKey(entry));
      else if (this.#underWay >= TICKS_MAX)
        this.#tickAgain(entry, { ...next, pauseMs: EARLY_PAUSE_MS });
      else this.#work.add(this.#tick(entry, next.attempt));
    });
  }
}
