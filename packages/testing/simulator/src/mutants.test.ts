import { describe, expect, it } from "vitest";
import { MUTANTS, type Mutation, MUTATIONS } from "./mutation.ts";
import { findViolation } from "./run-seeds.ts";
import type { Profile } from "./script.ts";

interface Budget {
  /** The faults that show it best. */
  readonly profile: Profile;
  readonly seeds: number;
}

/**
 * Several times what it takes: a little change of the workload must not fail the test, and a
 * checker that is blind must.
 */
const BUDGETS: Readonly<Record<Mutation, Budget>> = {
  "lease-guard": { profile: "pauses", seeds: 40 },
  release: { profile: "calm", seeds: 50 },
  gap: { profile: "crashes", seeds: 60 },
  mailbox: { profile: "calm", seeds: 5 },
  fence: { profile: "stores", seeds: 40 },
  acknowledge: { profile: "crashes", seeds: 10 },
  twice: { profile: "calm", seeds: 5 },
  "kept-results": { profile: "calm", seeds: 30 },
  incarnation: { profile: "crashes", seeds: 120 },
  order: { profile: "calm", seeds: 5 },
  drain: { profile: "calm", seeds: 30 },
  "watch-revision": { profile: "deploy", seeds: 120 },
  stay: { profile: "calm", seeds: 5 },
  "wall-clock": { profile: "calm", seeds: 5 },
  "due-entries": { profile: "crashes", seeds: 30 },
  "due-tag": { profile: "stores", seeds: 300 },
  delete: { profile: "calm", seeds: 10 },
  timers: { profile: "calm", seeds: 10 },
  letters: { profile: "stores", seeds: 40 },
  "letter-numbers": { profile: "stores", seeds: 60 },
  "client-cleaning": { profile: "calm", seeds: 10 },
  "awake-entries": { profile: "crashes", seeds: 40 },
  "retired-epochs": { profile: "calm", seeds: 5 },
  retirement: { profile: "calm", seeds: 20 },
  "if-active": { profile: "calm", seeds: 10 },
  import: { profile: "calm", seeds: 10 },
  list: { profile: "calm", seeds: 20 },
  "in-force": { profile: "deploy", seeds: 20 },
  "state-version": { profile: "deploy", seeds: 60 },
  "least-version": { profile: "deploy", seeds: 120 },
  "items-twice": { profile: "calm", seeds: 20 },
  "items-lost": { profile: "calm", seeds: 20 },
  "items-unstored": { profile: "crashes", seeds: 60 },
  "stream-ends": { profile: "calm", seeds: 40 },
  answers: { profile: "crashes", seeds: 40 },
  refusals: { profile: "crashes", seeds: 40 },
  "news-stored": { profile: "topics", seeds: 5 },
  "news-effect": { profile: "topics", seeds: 5 },
  "news-order": { profile: "topics", seeds: 5 },
  "news-lost": { profile: "topics", seeds: 40 },
  "flow-rerun": { profile: "workflows", seeds: 12 },
  "flow-unstored": { profile: "workflows", seeds: 12 },
  "flow-forgetful": { profile: "workflows", seeds: 12 },
  "flow-asleep": { profile: "workflows", seeds: 60 },
  "flow-outcome-lost": { profile: "workflows", seeds: 12 },
  "flow-start-twice": { profile: "workflows", seeds: 12 },
  "flow-ask-twice": { profile: "workflows", seeds: 12 },
  "flow-key": { profile: "workflows", seeds: 12 },
  "flow-early": { profile: "workflows", seeds: 12 },
  "flow-swallow": { profile: "workflows", seeds: 12 },
  "flow-event-order": { profile: "workflows", seeds: 12 },
  "flow-carry": { profile: "workflows", seeds: 12 },
  "flow-undo-order": { profile: "workflows", seeds: 12 },
  "flow-cancel": { profile: "workflows", seeds: 12 },
  "flow-terminate": { profile: "workflows", seeds: 12 },
  "flow-clock": { profile: "workflows", seeds: 12 },
  "flow-chance": { profile: "workflows", seeds: 12 },
};

describe("the simulator", () => {
  // The rule that its safeguard stands for, and not any other, has to be found broken.
  it.each(
    MUTATIONS.map((mutation) => ({ mutation, rule: MUTANTS[mutation].rule, ...BUDGETS[mutation] })),
  )(
    "finds within $seeds seeds that $rule is broken by the mutant $mutation",
    { timeout: 240_000 },
    async ({ mutation, rule, profile, seeds }) => {
      const found = await findViolation({ from: 1, seeds, profile, mutation, rule });
      expect(found?.seeds ?? "not found").toBeLessThanOrEqual(seeds);
    },
  );
});
