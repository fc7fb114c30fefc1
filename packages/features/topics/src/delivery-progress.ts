/** An event whose handler has thrown, or that nobody could take, and that comes again. */
export interface Failing {
  readonly seq: number;
  /** So often its handler has thrown. */
  readonly attempts: number;
  /** So often it was sent in vain, for whatever reason. */
  readonly tries: number;
  /** When it is sent again, in milliseconds since the Unix epoch. */
  readonly retryAt: number;
  /** What was thrown, the oldest first. */
  readonly reasons: readonly string[];
}

/**
 * How far a group has come in a partition. It is a value that is stored: each change gives another.
 *
 * DPRO-1. Each number is done, under way, failing, or none of them; those before the cursor are
 *         done, and the cursor is the first that is not.
 */
export interface DeliveryProgress {
  readonly cursor: number;
  /** Numbers behind the cursor that are done, in order. */
  readonly done: readonly number[];
  readonly underWay: readonly number[];
  readonly failing: readonly Failing[];
}

/** Reasons that are kept of one event. */
const REASONS_MAX = 5;

/** Characters of a reason that are kept. */
const REASON_LENGTH = 500;

const LONGEST_PAUSE_MS = 300_000;

/** Between tries of an event for which no silo has the subscription just now. */
const ABSENT_PAUSE_MS = 500;
const LONGEST_ABSENT_PAUSE_MS = 15_000;

/** A group that begins at this number. */
export function progressFrom(cursor: number): DeliveryProgress {
  return { cursor, done: [], underWay: [], failing: [] };
}

/** True if nobody needs to be handed the event any more. */
export function isDone({ cursor, done }: DeliveryProgress, seq: number): boolean {
  return seq < cursor || done.includes(seq);
}

/** The event is on its way to its handler. */
export function withSent(progress: DeliveryProgress, seq: number): DeliveryProgress {
  return { ...progress, underWay: [...progress.underWay, seq] };
}

/** The event was handled, passed over, or given up. */
export function withDone(progress: DeliveryProgress, seq: number): DeliveryProgress {
  const underWay = without(progress.underWay, seq);
  const failing = progress.failing.filter((other) => other.seq !== seq);
  if (isDone(progress, seq)) return { ...progress, underWay, failing };
  const done = [...progress.done, seq].toSorted((one, other) => one - other);
  return advanced({ cursor: progress.cursor, done, underWay, failing });
}

/** With the cursor at the first number that is not done (DPRO-1). */
function advanced(progress: DeliveryProgress): DeliveryProgress {
  const { cursor, done } = progress;
  let count = 0;
  while (done[count] === cursor + count) count++;
  return count === 0 ? progress : { ...progress, cursor: cursor + count, done: done.slice(count) };
}

/** The events before this number are gone, so nobody can handle them. */
export function progressPast(progress: DeliveryProgress, number: number): DeliveryProgress {
  if (number <= progress.cursor) return progress;
  const isThere = (seq: number): boolean => seq >= number;
  const [done, underWay] = [progress.done.filter(isThere), progress.underWay.filter(isThere)];
  const failing = progress.failing.filter(({ seq }) => isThere(seq));
  return advanced({ cursor: number, done, underWay, failing });
}

/** The handler threw. It comes again after a pause that doubles each time. */
export function withFailure(
  progress: DeliveryProgress,
  seq: number,
  failure: { readonly reason: string; readonly now: number; readonly backoffMs: number },
): DeliveryProgress {
  const earlier = progress.failing.find((other) => other.seq === seq);
  const attempts = (earlier?.attempts ?? 0) + 1;
  const pauseMs = Math.min(failure.backoffMs * 2 ** (attempts - 1), LONGEST_PAUSE_MS);
  const reason = failure.reason.slice(0, REASON_LENGTH);
  return withFailing(progress, {
    seq,
    attempts,
    tries: (earlier?.tries ?? 0) + 1,
    retryAt: failure.now + pauseMs,
    reasons: [...(earlier?.reasons ?? []), reason].slice(-REASONS_MAX),
  });
}

/** Nobody could take the event. That is no fault of the event's, so it is not counted. */
export function withAbsence(
  progress: DeliveryProgress,
  seq: number,
  now: number,
): DeliveryProgress {
  const earlier = progress.failing.find((other) => other.seq === seq);
  const tries = (earlier?.tries ?? 0) + 1;
  const pauseMs = Math.min(ABSENT_PAUSE_MS * 2 ** (tries - 1), LONGEST_ABSENT_PAUSE_MS);
  const { attempts = 0, reasons = [] } = earlier ?? {};
  return withFailing(progress, { seq, attempts, tries, retryAt: now + pauseMs, reasons });
}

/** When the next event is to be sent again; undefined if none waits for that. */
export function nextRetryAt({ failing, underWay }: DeliveryProgress): number | undefined {
  const waiting = failing.filter(({ seq }) => !underWay.includes(seq));
  return waiting.length === 0 ? undefined : Math.min(...waiting.map(({ retryAt }) => retryAt));
}

function withFailing(progress: DeliveryProgress, failing: Failing): DeliveryProgress {
  const { seq } = failing;
  return {
    ...progress,
    underWay: without(progress.underWay, seq),
    failing: [...progress.failing.filter((other) => other.seq !== seq), failing],
  };
}

function without(numbers: readonly number[], number: number): readonly number[] {
  return numbers.filter((other) => other !== number);
}
