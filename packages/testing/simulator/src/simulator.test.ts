import { describe, expect, it } from "vitest";
import { describeResult } from "./report.ts";
import type { TurnRecord } from "./history.ts";
import { findViolation, runSeeds } from "./run-seeds.ts";
import { type Profile, PROFILES } from "./script.ts";
import { shrink } from "./shrink.ts";
import { simulate, type SimulationResult } from "./simulation.ts";
import { writeScript } from "./write-script.ts";

/** A bounded share of what `npm run sim` goes through: a thousand seeds over all profiles. */
const SEEDS_PER_PROFILE = 125;

/** With topics or workflows there is more to do in each: a run takes three times as long. */
const SEEDS: Partial<Record<Profile, number>> = { topics: 50, workflows: 40 };

/** Simulated time costs real time, and more so on a machine that has much to do. */
const PATIENCE_MS = 600_000;

/**
 * True if a turn ran in an activation of one silo after a later one of another silo had run some.
 */
function hasTwoOwners(turns: readonly TurnRecord[]): boolean {
  const latest = new Map<string, TurnRecord>();
  return turns.some((turn) => {
    const known = latest.get(turn.actor);
    if (known === undefined || known.activation < turn.activation) latest.set(turn.actor, turn);
    return (
      known !== undefined && known.activation > turn.activation && known.siloId !== turn.siloId
    );
  });
}

function hasFenced({ trace }: SimulationResult): boolean {
  return trace.lines.some(({ kind, text }) => kind === "store" && text.includes(": fenced"));
}

describe("a simulated cluster", () => {
  it.each(PROFILES)(
    "keeps its guarantees through the seeds of the profile %s",
    { timeout: PATIENCE_MS },
    async (profile: Profile) => {
      const seeds = SEEDS[profile] ?? SEEDS_PER_PROFILE;
      const found = await findViolation({ from: 1, seeds, profile });
      expect(found === undefined ? "no violation" : describeResult(found.result)).toBe(
        "no violation",
      );
    },
  );

  it(
    "has owners that outlive their lease in the profile available, and turns of theirs that are not stored",
    { timeout: PATIENCE_MS },
    async () => {
      let found = false;
      for await (const result of runSeeds({ from: 1, seeds: 30, profile: "available" })) {
        found = hasFenced(result) && hasTwoOwners(result.history.turns);
        if (found) break;
      }
      expect(found).toBe(true);
    },
  );

  it("brings back the answers of durable sends whose end could not be stored", async () => {
    const seeds: readonly [number, Profile][] = [
      [55, "stores"],
      [140, "storm"],
      [189, "stores"],
    ];
    for (const [seed, profile] of seeds) {
      const result = await simulate(writeScript(seed, profile));
      const text = result.violations.length === 0 ? "no violation" : describeResult(result);
      expect(text).toBe("no violation");
    }
  });

  it("does the same, to the byte, when a seed is run again", { timeout: PATIENCE_MS }, async () => {
    for (const seed of [11, 12]) {
      const one = await simulate(writeScript(seed, "storm"));
      const other = await simulate(writeScript(seed, "storm"));
      expect(one.trace.lines.length).toBeGreaterThan(500);
      expect(other.trace.digest()).toBe(one.trace.digest());
    }
  });

  it("does something else when another seed is run", { timeout: PATIENCE_MS }, async () => {
    const [one, other] = [
      await simulate(writeScript(11, "calm")),
      await simulate(writeScript(12, "calm")),
    ];
    expect(other.trace.digest()).not.toBe(one.trace.digest());
  });

  it(
    "shrinks a failing script, and tells what led to the violation",
    { timeout: PATIENCE_MS },
    async () => {
      const failing = await simulate(writeScript(1, "calm"), { mutation: "mailbox" });
      expect(failing.violations[0]?.rule).toBe("C1");
      const smaller = await shrink(failing, { mutation: "mailbox" }, { runs: 60, ms: 20_000 });
      expect(smaller.violations[0]?.rule).toBe("C1");
      expect(smaller.script.calls.length).toBeLessThan(failing.script.calls.length / 2);
      expect(describeResult(smaller)).toMatch(
        /^seed 1 \(calm\) violates:\n {2}C1 at [\s\S]*trace \(/,
      );
    },
  );
});
