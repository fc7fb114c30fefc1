import type { BenchContext, Measurement } from "../bench.ts";
import { profileWork } from "../profiles/profile-work.ts";
import { median } from "./median.ts";

/** Two things to measure in the same unit. */
export interface Contestants {
  ours(): Promise<number>;
  baseline(): Promise<number>;
}

/**
 * Measures both in turn, round by round, so that whatever slows the machine for a while slows both.
 * The ratio is taken within each round, and its median is the result. One round before the first is
 * for warming up. With `profile`, each of our rounds leaves a profile of its own.
 */
export async function compare(
  context: BenchContext,
  contestants: Contestants,
): Promise<Measurement> {
  const ours: number[] = [];
  const baseline: number[] = [];
  await contestants.baseline();
  await contestants.ours();
  for (let round = 1; round <= context.rounds; round++) {
    baseline.push(await contestants.baseline());
    ours.push(await profileWork(context.profile, `ours-${round}`, () => contestants.ours()));
    context.progress(
      `round ${round} of ${context.rounds}: ${shown(ours.at(-1))}, baseline ${shown(baseline.at(-1))}`,
    );
  }
  const ratios = ours.map((value, round) => value / (baseline[round] ?? Number.NaN));
  return {
    value: median(ours),
    baseline: median(baseline),
    ratio: median(ratios),
    details: { rounds: ours.map((value, round) => ({ value, baseline: baseline[round] })) },
  };
}

function shown(value: number | undefined): string {
  return (value ?? Number.NaN).toLocaleString("en", { maximumSignificantDigits: 4 });
}
