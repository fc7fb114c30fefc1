import { describe, expect, it } from "vitest";
import { MUTATIONS, type Mutation } from "./mutation.ts";
import { findViolation } from "./run-seeds.ts";
import type { Profile } from "./script.ts";

interface Budget {
  /** What is broken without the safeguard: that rule, and not any other, has to be found. */
  readonly rule: string;
  /** The faults that show it best. */
  readonly profile: Profile;
  readonly seeds: number;
}

/** Several times what it takes: a little change of the workload must not fail the test, and a checker that is blind must. */
const BUDGETS: Readonly<Record<Mutation, Budget>> = {
  "lease-guard": { rule: "C1", profile: "pauses", seeds: 40 },
  release: { rule: "C1", profile: "calm", seeds: 50 },
  mailbox: { rule: "C1", profile: "calm", seeds: 5 },
  fence: { rule: "C2", profile: "stores", seeds: 40 },
  acknowledge: { rule: "C3", profile: "crashes", seeds: 10 },
  twice: { rule: "C4", profile: "calm", seeds: 5 },
  "kept-results": { rule: "linearizability", profile: "crashes", seeds: 100 },
  incarnation: { rule: "C4", profile: "crashes", seeds: 150 },
  order: { rule: "C5", profile: "calm", seeds: 5 },
  drain: { rule: "C6", profile: "calm", seeds: 30 },
  "watch-revision": { rule: "C6", profile: "calm", seeds: 80 },
  stay: { rule: "C7", profile: "calm", seeds: 5 },
  "wall-clock": { rule: "D3", profile: "calm", seeds: 5 },
  "due-entries": { rule: "D3", profile: "crashes", seeds: 30 },
  delete: { rule: "D3", profile: "calm", seeds: 10 },
  timers: { rule: "D3", profile: "calm", seeds: 10 },
  letters: { rule: "D7", profile: "stores", seeds: 40 },
  "letter-numbers": { rule: "D7", profile: "stores", seeds: 60 },
};

describe("the simulator", () => {
  it.each(MUTATIONS.map((mutation) => ({ mutation, ...BUDGETS[mutation] })))(
    "finds within $seeds seeds that $rule is broken by the mutant $mutation",
    { timeout: 240_000 },
    async ({ mutation, rule, profile, seeds }) => {
      const found = await findViolation({ from: 1, seeds, profile, mutation, rule });
      expect(found?.seeds ?? "not found").toBeLessThanOrEqual(seeds);
    },
  );
});
