import { sleep, systemClock, type Clock } from "@troupe/core";
import type { VirtualClock } from "./virtual-clock.ts";

/**
 * A clock together with the way to let its time pass, so that one test runs on real and on virtual
 * time.
 */
export interface TestTime {
  readonly clock: Clock;
  elapse(ms: number): Promise<void>;
}

/** The machine's time. */
export const realTime: TestTime = { clock: systemClock, elapse: (ms) => sleep(systemClock, ms) };

/** Time that passes only when the test lets it. */
export function virtualTime(clock: VirtualClock): TestTime {
  return { clock, elapse: (ms) => clock.advance(ms) };
}

/** How long the tests wait for what must come. Generous, because it costs nothing when it comes. */
const PATIENCE_MS = 20_000;

/** Lets time pass until the condition holds; fails with `what` if it never does. */
export async function waitUntil(
  time: TestTime,
  what: string,
  condition: () => boolean,
): Promise<void> {
  const end = time.clock.monotonic() + PATIENCE_MS;
  for (let step = 0; ; step++) {
    await eventLoopTurn();
    if (condition()) return;
    if (time.clock.monotonic() > end) throw new Error(`waited in vain until ${what}`);
    // Provider tests wait often for what takes a millisecond, and sometimes for seconds.
    await time.elapse(Math.min(1 + step, 20));
  }
}

/** The promise's outcome; lets time pass while it is pending. */
export async function settle<T>(time: TestTime, promise: Promise<T>): Promise<T> {
  let settled = false;
  const outcome = promise.finally(() => {
    settled = true;
  });
  outcome.catch(() => undefined);
  await waitUntil(time, "a promise settles", () => settled);
  return outcome;
}

function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
