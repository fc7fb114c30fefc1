import { describe, expect, it } from "vitest";
import type { Mutation } from "./mutation.ts";
import { findViolation } from "./run-seeds.ts";
import type { Profile } from "./script.ts";

interface Budget {
  readonly mutation: Mutation;
  /** The faults that show it best. */
  readonly profile: Profile;
  readonly seeds: number;
  /** What is broken without the safeguard. */
  readonly rules: readonly string[];
}

const BUDGETS: readonly Budget[] = [
  { mutation: "lease-guard", profile: "pauses", seeds: 60, rules: ["C1"] },
  { mutation: "fence", profile: "stores", seeds: 40, rules: ["C2"] },
  { mutation: "release", profile: "partitions", seeds: 120, rules: ["C1"] },
  { mutation: "incarnation", profile: "crashes", seeds: 120, rules: ["C1", "C3", "C6", "conservation"] },
  { mutation: "watch-revision", profile: "calm", seeds: 60, rules: ["C6"] },
  { mutation: "mailbox", profile: "calm", seeds: 10, rules: ["C1", "linearizability"] },
];

describe("the simulator", () => {
  it.each(BUDGETS)(
    "finds within $seeds seeds that the $mutation is off",
    { timeout: 240_000 },
    async ({ mutation, profile, seeds, rules }) => {
      const found = await findViolation({ from: 1, seeds, profile, mutation });
      const broken = found?.result.violations.map(({ rule }) => rule) ?? [];
      expect(broken.some((rule) => rules.includes(rule))).toBe(true);
    },
  );
});
