import type { Clock } from "@troupe/core";

export type Call = (index: number) => Promise<unknown>;

export interface Load {
  readonly clock: Clock;
  readonly inFlight: number;
  readonly durationMs: number;
}

/** Reading the clock costs as much as a quick call does, so it is read once in so many. */
const CALLS_PER_LOOK = 4;

/**
 * Calls of one lane between two turns of the event loop, if the calls themselves never wait for it.
 */
const CALLS_PER_SLICE = 250;

/**
 * Calls a second, with `inFlight` of them under way at any time. The calls have to wait for I/O, or
 * the run never ends.
 */
export async function callRate({ clock, inFlight, durationMs }: Load, call: Call): Promise<number> {
  const start = clock.monotonic();
  const end = start + durationMs;
  let index = 0;
  const lane = async (): Promise<void> => {
    do {
      for (let count = 0; count < CALLS_PER_LOOK; count++) await call(index++);
    } while (clock.monotonic() < end);
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return (index * 1_000) / (clock.monotonic() - start);
}

/**
 * As `callRate`, for calls that end without I/O: it lets the event loop turn, which is what a
 * process with such calls does.
 */
export async function localCallRate(
  { clock, inFlight, durationMs }: Load,
  call: Call,
): Promise<number> {
  const start = clock.monotonic();
  let index = 0;
  const lane = async (): Promise<void> => {
    for (let count = 0; count < CALLS_PER_SLICE; count++) await call(index++);
  };
  do {
    await Promise.all(Array.from({ length: inFlight }, lane));
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  } while (clock.monotonic() < start + durationMs);
  return (index * 1_000) / (clock.monotonic() - start);
}

/** Makes `count` calls, `inFlight` of them under way at any time; gives calls a second. */
export async function rateOfAll(
  { clock, inFlight }: Omit<Load, "durationMs">,
  count: number,
  call: Call,
): Promise<number> {
  const start = clock.monotonic();
  let index = 0;
  const lane = async (): Promise<void> => {
    while (index < count) await call(index++);
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return (count * 1_000) / (clock.monotonic() - start);
}

/** How long each of `count` calls took, one after the other, in milliseconds. */
export async function latencies(clock: Clock, count: number, call: Call): Promise<number[]> {
  const taken: number[] = [];
  for (let index = 0; index < count; index++) {
    const start = clock.monotonic();
    await call(index);
    taken.push(clock.monotonic() - start);
  }
  return taken;
}
