import { type Clock, Condition, messageOf } from "@troupe/core";
import type { LogEntry } from "./event-log.ts";
import type { Fetched } from "./partition.ts";

/** What one program has of one partition. */
export interface PartitionFeedParts {
  readonly clock: Clock;
  /** Asks the partition, as `Partition.fetch` says. */
  fetch(request: FeedRequest): Promise<Fetched | number>;
  /** There is an event to take, or the partition cannot be read, for this reason. */
  changed(failure: unknown): void;
}

/** What a feed asks for; see `Fetch`. */
export interface FeedRequest {
  readonly doneBefore: number | undefined;
  readonly from: number | undefined;
  readonly count: number | "leave";
}

/** Events that are fetched at once. */
const COUNT = 100;

/** Between looks for an event when there was none. */
const IDLE_MS = 250;

/** Between looks while there are events in hand: often enough to keep the lease. */
const RENEW_MS = 4_000;

/** After a fetch that failed. */
const FAILED_MS = 500;

interface Waiting {
  readonly doneBefore: number;
  readonly resolve: (isStored: boolean) => void;
}

/**
 * The events of one partition for one program: fetched ahead by one batch, and acknowledged in any
 * order.
 *
 * FEED-1. The partition is told of the events that are done up to the first that is not: so one
 *         that was not acknowledged comes again, to this program's successor.
 * FEED-2. What was fetched under a lease that is over is forgotten, and so are its
 *         acknowledgements: the partition gives it to whoever has the lease now.
 */
export class PartitionFeed {
  readonly #parts: PartitionFeedParts;
  readonly #condition: Condition;
  #ready: LogEntry[] = [];
  readonly #acknowledged = new Set<number>();
  #doneBefore: number | undefined;
  #from: number | undefined;
  #toldBefore: number | undefined;
  #waiting: Waiting[] = [];
  /** Counts the leases. */
  #lease = 0;
  #isClosed = false;

  constructor(parts: PartitionFeedParts) {
    this.#parts = parts;
    this.#condition = new Condition(parts.clock);
  }

  /** Goes on until the feed is closed, and then leaves the partition to others. Never rejects. */
  async run(): Promise<void> {
    while (!this.#isClosed) {
      // Each look follows from the one before.
      // oxlint-disable-next-line no-await-in-loop -- as the comment says.
      const pauseMs = await this.#look(this.#ready.length === 0 ? COUNT : 0);
      // oxlint-disable-next-line no-await-in-loop -- as the comment says.
      await this.#condition.wait(() => this.#isClosed || this.#hasNews(pauseMs), pauseMs);
    }
    if (this.#lease > 0) await this.#look("leave");
    this.#settle(false);
  }

  /** The next event, with what acknowledges it; undefined if there is none at hand. */
  take(): { readonly entry: LogEntry; readonly ack: () => Promise<boolean> } | undefined {
    const entry = this.#ready.shift();
    if (entry === undefined) return undefined;
    if (this.#ready.length === 0) this.#condition.notify();
    const lease = this.#lease;
    return { entry, ack: () => this.#ack(entry.seq, lease) };
  }

  get hasEvents(): boolean {
    return this.#ready.length > 0;
  }

  close(): void {
    this.#isClosed = true;
    this.#condition.notify();
  }

  #ack(seq: number, lease: number): Promise<boolean> {
    if (lease !== this.#lease || this.#isClosed) return Promise.resolve(false);
    this.#acknowledged.add(seq);
    let doneBefore = this.#doneBefore ?? 0;
    while (this.#acknowledged.delete(doneBefore)) doneBefore++;
    this.#doneBefore = doneBefore;
    if (doneBefore <= seq) return Promise.resolve(true);
    return new Promise((resolve) => {
      this.#waiting.push({ doneBefore, resolve });
      this.#condition.notify();
    });
  }

  /** True if the partition has to hear of something, or can be asked for more. */
  #hasNews(pauseMs: number): boolean {
    const isEmpty = this.#ready.length === 0 && pauseMs === RENEW_MS;
    return isEmpty || (pauseMs !== FAILED_MS && this.#doneBefore !== this.#toldBefore);
  }

  /** Gives the milliseconds until the next look, unless there is news before. */
  async #look(count: FeedRequest["count"]): Promise<number> {
    const doneBefore = this.#doneBefore;
    try {
      const fetched = await this.#parts.fetch({ doneBefore, from: this.#from, count });
      if (typeof fetched === "number") {
        this.#forget();
        return IDLE_MS;
      }
      if (fetched.isNew) this.#begin(fetched);
      else this.#told(doneBefore);
      return this.#take(fetched, count);
    } catch (error) {
      this.#parts.changed(isFinal(error) ? error : undefined);
      return FAILED_MS;
    }
  }

  #take({ entries }: Fetched, count: FeedRequest["count"]): number {
    if (entries.length > 0) {
      this.#ready.push(...entries);
      this.#from = (entries.at(-1)?.seq ?? 0) + 1;
      this.#parts.changed(undefined);
      return RENEW_MS;
    }
    return count === 0 ? RENEW_MS : IDLE_MS;
  }

  /** FEED-2 */
  #begin({ entries, next }: Fetched): void {
    this.#forget();
    this.#lease++;
    const first = entries[0]?.seq ?? next;
    this.#doneBefore = first;
    this.#toldBefore = first;
    this.#from = first;
  }

  #told(doneBefore: number | undefined): void {
    this.#toldBefore = doneBefore;
    const told = this.#waiting.filter((one) => one.doneBefore <= (doneBefore ?? 0));
    this.#waiting = this.#waiting.filter((one) => !told.includes(one));
    for (const { resolve } of told) resolve(true);
  }

  #forget(): void {
    this.#ready = [];
    this.#acknowledged.clear();
    this.#doneBefore = undefined;
    this.#toldBefore = undefined;
    this.#from = undefined;
    this.#lease++;
    this.#settle(false);
  }

  #settle(isStored: boolean): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve(isStored);
  }
}

/** True for a failure that no further try would mend. */
function isFinal(error: unknown): boolean {
  return /^\[(BAD_CONFIG|BAD_INPUT|FORBIDDEN|NO_SUCH_METHOD)\]/.test(messageOf(error));
}
