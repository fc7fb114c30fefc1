import { describe, expect, it } from "vitest";
import type { CallPlan, CallRecord } from "./history.ts";
import type { Script } from "./script.ts";
import { simulate } from "./simulation.ts";

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];
const CELLS = 40;
const HUNG_SLOT = 3;

/** Longer than the hang, so that its silo stays a member all the time. */
const LEASE_MS = 10_000;
const HANGS_AT = 4_000;
const HANGS_MS = 5_000;

/** A crash is found out, confirmed and evicted in that time. */
const EVICTED_MS = 1_000;

/** What a call may take at most on this network; far less than what is left of the hang. */
const PROMPT_MS = 1_000;

function look(name: string, at: number): CallPlan[] {
  return Array.from({ length: CELLS }, (_, index) => ({
    id: `${name} ${index}`,
    at,
    from: { kind: "client", index: 0 },
    type: "Cell",
    actorId: `h${index}`,
    method: "read",
    args: [],
    timeoutMs: 25_000,
  }));
}

function scriptOf(seed: number, crashes: Script["faults"]): Script {
  return {
    seed,
    profile: "pauses",
    silos: 4,
    clients: 1,
    leaseTtlMs: LEASE_MS,
    leasePolicy: "strict",
    durationMs: 20_000,
    faults: [{ at: HANGS_AT, fault: { kind: "pause", slot: HUNG_SLOT, ms: HANGS_MS } }, ...crashes],
    calls: [...look("before", 2_000), ...look("while", HANGS_AT + 200 + EVICTED_MS)].toSorted(
      (a, b) => a.at - b.at,
    ),
    reads: [],
  };
}

const tookMs = ({ startedAt, endedAt }: CallRecord): number => endedAt - startedAt;

describe("a silo that hangs", () => {
  it.each(SEEDS)(
    "delays no call to an actor that it never owned, while another silo crashes (C7, seed %i)",
    { timeout: 120_000 },
    async (seed) => {
      const { history, violations } = await simulate(
        scriptOf(seed, [
          { at: HANGS_AT + 200, fault: { kind: "kill", slot: 2, restartMs: 60_000 } },
        ]),
      );
      expect(violations).toEqual([]);
      const ranOn = (call: string): string =>
        history.turns.find((turn) => turn.call === call)?.process ?? "nowhere";
      const moved = history.calls.filter(({ plan }) => {
        return (
          plan.id.startsWith("while") &&
          ranOn(plan.id.replace("while", "before")).startsWith("silo2.") &&
          !ranOn(plan.id).startsWith(`silo${HUNG_SLOT}.`)
        );
      });
      expect(moved.length).toBeGreaterThan(0);
      expect(moved.filter((call) => tookMs(call) > PROMPT_MS).map(({ plan }) => plan.id)).toEqual(
        [],
      );
    },
  );

  it.each(SEEDS)(
    "keeps nobody from joining: a new silo waits until the lease decides (seed %i)",
    { timeout: 120_000 },
    async (seed) => {
      const { trace, violations } = await simulate({
        ...scriptOf(seed, [{ at: HANGS_AT + 500, fault: { kind: "start", slot: 4 } }]),
        leaseTtlMs: 20_000,
        durationMs: 40_000,
        faults: [
          { at: HANGS_AT, fault: { kind: "pause", slot: HUNG_SLOT, ms: 60_000 } },
          { at: HANGS_AT + 500, fault: { kind: "start", slot: 4 } },
        ],
      });
      expect(violations).toEqual([]);
      const told = trace.lines.map(({ text }) => text).filter((text) => text.startsWith("silo4."));
      expect(told.filter((text) => text.includes("could not start"))).toEqual([]);
      expect(told.filter((text) => text.startsWith("silo4.1 is active")).length).toBe(1);
    },
  );
});
