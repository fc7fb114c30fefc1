import type { Mutation } from "./mutation.ts";
import type { Profile } from "./script.ts";
import { simulate, type SimulationResult } from "./simulation.ts";
import { writeScript } from "./write-script.ts";

export interface SeedRange {
  readonly from: number;
  readonly seeds: number;
  readonly profile?: Profile | undefined;
  readonly mutation?: Mutation | undefined;
}

/** Runs one seed after the other, and gives each result. */
export async function* runSeeds({
  from,
  seeds,
  profile,
  mutation,
}: SeedRange): AsyncGenerator<SimulationResult> {
  for (let seed = from; seed < from + seeds; seed++) {
    yield await simulate(writeScript(seed, profile), mutation === undefined ? {} : { mutation });
  }
}

/**
 * The first result with a violation (of `rule`, if it is given), and how many seeds it took;
 * undefined if none has one.
 */
export async function findViolation(
  range: SeedRange & { readonly rule?: string },
): Promise<{ readonly result: SimulationResult; readonly seeds: number } | undefined> {
  let seeds = 0;
  for await (const result of runSeeds(range)) {
    seeds++;
    if (result.violations.some(({ rule }) => range.rule === undefined || rule === range.rule))
      return { result, seeds };
  }
  return undefined;
}
