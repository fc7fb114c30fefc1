import type { BacklogEntry } from "./backlog.ts";
import type { DeliveryProgress } from "./delivery-progress.ts";
import type { Bulk } from "./subscription.ts";
import { isExpired } from "./topic-event.ts";

/** What is to be done with an event now. */
export type Step =
  | { readonly kind: "send"; readonly entries: readonly BacklogEntry[]; readonly id: string }
  /** Nothing before this time, in milliseconds since the Unix epoch. */
  | { readonly kind: "wait"; readonly until: number }
  | { readonly kind: "skip"; readonly entry: BacklogEntry }
  | { readonly kind: "bury"; readonly entry: BacklogEntry; readonly reasons: readonly string[] };

/** What holds for all events of a group. */
export interface DeliveryRules {
  /** Events that may be under way. */
  readonly concurrency: number;
  /** So often a handler may throw. */
  readonly attempts: number;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** How events are collected for one turn. Undefined: each has a turn of its own. */
  readonly bulk: Bulk | undefined;
}

/**
 * What a group does next with the events that it has read, which are given in order.
 *
 * NEXT-1. Of the events with one key the first that is not done is under way, and no other: so they
 *         are handled in order, and one that fails holds back its key and no other (P4).
 * NEXT-2. No more are under way than `concurrency` says.
 * NEXT-3. An event whose handler has thrown `attempts` times is given up, and its key goes on (P5).
 * NEXT-4. In bulk, events of one actor go together, those of a key in order. An event that has
 *         failed goes alone, so that it takes no other to the dead events.
 */
export function nextSteps(
  entries: Iterable<BacklogEntry>,
  { cursor, done, underWay, failing }: DeliveryProgress,
  { concurrency, attempts, now, bulk }: DeliveryRules,
): Step[] {
  const steps: Step[] = [];
  const [isDone, isUnderWay] = [new Set(done), new Set(underWay)];
  const failed = new Map(failing.map((one) => [one.seq, one]));
  const sending = new Sending(bulk);
  let room = concurrency - underWay.length;
  for (const entry of entries) {
    const { seq, event, route } = entry;
    const { key } = event;
    // What is under way then will end, and that is another moment to look at what is left.
    if (room <= 0) break;
    if (seq < cursor || isDone.has(seq)) continue;
    const failure = failed.get(seq);
    const isHeld = isUnderWay.has(seq) || sending.holds(key);
    if (!isHeld && (route.kind === "skip" || isExpired(event, now))) {
      steps.push({ kind: "skip", entry });
      continue;
    }
    if (!isHeld && route.kind === "bury") {
      steps.push({ kind: "bury", entry, reasons: [route.reason] });
      continue;
    }
    if (!isHeld && failure !== undefined && failure.attempts >= attempts) {
      steps.push({ kind: "bury", entry, reasons: failure.reasons });
      continue;
    }
    const isWaiting = isUnderWay.has(seq) || (failure !== undefined && failure.retryAt > now);
    if (isWaiting || route.kind !== "deliver") sending.hold(key);
    else if (sending.add(entry, route.id, failure !== undefined)) room--;
  }
  return [...steps, ...sending.steps(now, room <= 0)];
}

/** Events that go to one actor in one turn. */
interface Batch {
  readonly id: string;
  readonly entries: BacklogEntry[];
  readonly isAlone: boolean;
}

/** Which events go now, and which keys have to wait for others. */
class Sending {
  readonly #bulk: Bulk | undefined;
  readonly #batches: Batch[] = [];
  /** The batch to which more events of an actor can be added. */
  readonly #open = new Map<string, Batch>();
  /** The batch of the last event of a key; undefined if that does not go now. */
  readonly #keys = new Map<string, Batch | undefined>();

  constructor(bulk: Bulk | undefined) {
    this.#bulk = bulk;
  }

  /** True if an earlier event of the key has not been handled. In bulk it may go with that. */
  holds(key: string | undefined): boolean {
    return key !== undefined && this.#keys.has(key);
  }

  /** Nothing of the key goes any more. */
  hold(key: string | undefined): void {
    if (key !== undefined) this.#keys.set(key, undefined);
  }

  /** False if the event has to wait for an earlier one of its key. */
  add(entry: BacklogEntry, id: string, hasFailed: boolean): boolean {
    const { key } = entry.event;
    const batch = this.#batchFor(id, hasFailed);
    if (key !== undefined && this.#keys.has(key) && this.#keys.get(key) !== batch) {
      this.hold(key);
      return false;
    }
    if (!this.#batches.includes(batch)) this.#batches.push(batch);
    batch.entries.push(entry);
    const isFull = batch.isAlone || batch.entries.length >= (this.#bulk?.max ?? 1);
    if (isFull && this.#open.get(id) === batch) this.#open.delete(id);
    else if (!isFull) this.#open.set(id, batch);
    if (key !== undefined) this.#keys.set(key, batch);
    return true;
  }

  steps(now: number, isFull: boolean): Step[] {
    const { max, withinMs } = this.#bulk ?? { max: 1, withinMs: 0 };
    return this.#batches.map(({ id, entries, isAlone }) => {
      const until = (entries[0]?.readAt ?? 0) + withinMs;
      const isReady = isAlone || isFull || entries.length >= max || until <= now;
      return isReady ? { kind: "send", id, entries } : { kind: "wait", until };
    });
  }

  #batchFor(id: string, hasFailed: boolean): Batch {
    const isAlone = hasFailed || this.#bulk === undefined;
    const open = isAlone ? undefined : this.#open.get(id);
    return open ?? { id, entries: [], isAlone };
  }
}
