import type { Clock } from "@troupe/core";

/** How far a clock is ahead of another, in milliseconds. Default: 0. */
export interface ClockOffsets {
  readonly monotonicMs?: number;
  readonly wallMs?: number;
}

/**
 * The clock of another process: time passes as on `clock`, but both of its readings stand
 * elsewhere.
 */
export function offsetClock(clock: Clock, offsets: ClockOffsets): Clock {
  const { monotonicMs = 0, wallMs = 0 } = offsets;
  return {
    now: () => clock.now() + wallMs,
    monotonic: () => clock.monotonic() + monotonicMs,
    schedule: (delayMs, callback) => clock.schedule(delayMs, callback),
  };
}
