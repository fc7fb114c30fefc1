import type { BacklogEntry } from "./backlog.ts";
import type { DeliveryProgress } from "./delivery-progress.ts";
import { isExpired } from "./topic-event.ts";

/** What is to be done with an event now. */
export type Step =
  | { readonly kind: "send"; readonly entry: BacklogEntry; readonly id: string }
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
}

/**
 * What a group does next with the events that it has read, which are given in order.
 *
 * NEXT-1. Of the events with one key the first that is not done is under way, and no other: so they
 *         are handled in order, and one that fails holds back its key and no other (P4).
 * NEXT-2. No more are under way than `concurrency` says.
 * NEXT-3. An event whose handler has thrown `attempts` times is given up, and its key goes on (P5).
 */
export function nextSteps(
  entries: Iterable<BacklogEntry>,
  { cursor, done, underWay, failing }: DeliveryProgress,
  { concurrency, attempts, now }: DeliveryRules,
): Step[] {
  const steps: Step[] = [];
  const [isDone, isUnderWay] = [new Set(done), new Set(underWay)];
  const failed = new Map(failing.map((one) => [one.seq, one]));
  const heldKeys = new Set<string>();
  let room = concurrency - underWay.length;
  for (const entry of entries) {
    const { seq, event, route } = entry;
    const { key } = event;
    // What is under way then will end, and that is another moment to look at what is left.
    if (room <= 0) break;
    if (seq < cursor || isDone.has(seq)) continue;
    const failure = failed.get(seq);
    const isHeld = isUnderWay.has(seq) || (key !== undefined && heldKeys.has(key));
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
    if (key !== undefined) heldKeys.add(key);
    if (isHeld || (failure !== undefined && failure.retryAt > now)) continue;
    if (route.kind === "deliver") {
      room--;
      steps.push({ kind: "send", entry, id: route.id });
    }
  }
  return steps;
}
