import { type Clock, messageOf, sleep, TroupeError } from "@troupe/core";
import { percentile } from "./median.ts";

export interface OpenLoad {
  readonly clock: Clock;
  readonly durationMs: number;
  /** Calls a second, whether or not the earlier ones were answered. */
  readonly rate: number;
  /** With so many under way, no further one is made until one has ended. Default: no limit. */
  readonly inFlightMax?: number;
}

export interface OpenLoopResult {
  readonly answered: number;
  /** Of the calls that were answered. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the calls that failed, by code. */
  readonly failures: Readonly<Record<string, number>>;
  readonly refusalP50Ms: number;
  readonly refusalP99Ms: number;
  /** The most calls that were under way at a time. */
  readonly underWayMax: number;
}

/** How often calls are made that are due by then. */
const TICK_MS = 2;

/** Makes calls at a rate of its own, as the world does, and waits until all have ended. */
export async function openLoop(
  { clock, durationMs, rate, inFlightMax = Infinity }: OpenLoad,
  call: () => Promise<unknown>,
): Promise<OpenLoopResult> {
  const took: number[] = [];
  const refusals: number[] = [];
  const failures: Record<string, number> = {};
  const underWay = new Set<Promise<void>>();
  const one = async (): Promise<void> => {
    const start = clock.monotonic();
    try {
      await call();
      took.push(clock.monotonic() - start);
    } catch (error) {
      const code = error instanceof TroupeError ? error.code : messageOf(error);
      failures[code] = (failures[code] ?? 0) + 1;
      refusals.push(clock.monotonic() - start);
    }
  };
  const start = clock.monotonic();
  let made = 0;
  let underWayMax = 0;
  for (let elapsed = 0; elapsed < durationMs; elapsed = clock.monotonic() - start) {
    for (const due = (elapsed * rate) / 1_000; made < due && underWay.size < inFlightMax; made++) {
      const running = one().finally(() => underWay.delete(running));
      underWay.add(running);
    }
    underWayMax = Math.max(underWayMax, underWay.size);
    await sleep(clock, TICK_MS);
  }
  await Promise.all(underWay);
  return {
    answered: took.length,
    p50Ms: shareOf(took, 0.5),
    p99Ms: shareOf(took, 0.99),
    failures,
    refusalP50Ms: shareOf(refusals, 0.5),
    refusalP99Ms: shareOf(refusals, 0.99),
    underWayMax,
  };
}

function shareOf(values: readonly number[], share: number): number {
  return values.length === 0 ? 0 : percentile(values, share);
}
