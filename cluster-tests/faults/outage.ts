/** A call of one way, on the monotonic clock. */
export interface TimedCall {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly answered: boolean;
}

/**
 * How long the actor at the end of a way was away: the longest time, in milliseconds, from the
 * moment at which any call was made until any call that was made no earlier than `from` had its
 * answer. Calls are made every few moments whether or not earlier ones were answered, so nothing
 * hides behind a call that waits. Infinite if a call was never followed by an answer.
 */
export function outageOf(calls: readonly TimedCall[], from: number): number {
  const answers = calls
    .filter(({ answered, endedAt }) => answered && endedAt >= from)
    .map(({ endedAt }) => endedAt);
  const sorted = answers.toSorted((one, other) => one - other);
  const waits = calls
    .filter(({ startedAt }) => startedAt >= from)
    .map(
      ({ startedAt }) =>
        (sorted.find((endedAt) => endedAt >= startedAt) ?? Number.POSITIVE_INFINITY) - startedAt,
    );
  return Math.max(0, ...waits);
}

/**
 * The smallest of the values that at least that share of them do not exceed; undefined if there are
 * none.
 */
export function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
}
