import { expect, it } from "vitest";
import { TURN_SECONDS, TurnMeter } from "./turn-meter.ts";
import type { Turn } from "./turn.ts";
import { toPortable } from "@troupe/core";

const VALUE = { kind: "value", payload: toPortable(undefined, { root: "result" }) } as const;
const ERROR = { ...VALUE, kind: "error" } as const;

/** What the meter looks at. */
function turn(type: string, method: string, startedAt: number | undefined): Turn {
  return { request: { type, method }, startedAt } as Turn;
}

it("counts turns by type, method and outcome, each in the bucket of its duration", () => {
  const meter = new TurnMeter();
  meter.ended(turn("Account", "read", 1_000), VALUE, 1_000);
  meter.ended(turn("Account", "read", 1_000), VALUE, 1_000.1);
  meter.ended(turn("Account", "read", 1_000), ERROR, 61_000);
  meter.ended(turn("Cart", "read", 1_000), VALUE, 1_002);
  const [account, cart, ...more] = [...meter.values()];
  expect(more).toEqual([]);
  expect(account).toMatchObject({ type: "Account", method: "read", succeeded: 2, failed: 1 });
  expect(account?.counts[0]).toBe(1);
  expect(account?.counts[1]).toBe(1);
  expect(account?.counts[TURN_SECONDS.length]).toBe(1);
  expect(account?.sum).toBeCloseTo(60.0001, 6);
  expect(cart?.counts[TURN_SECONDS.indexOf(0.0025)]).toBe(1);
});

it("counts a turn that answers later without a duration, because nobody knows it", () => {
  const meter = new TurnMeter();
  meter.ended(turn("Account", "read", undefined), VALUE, 1_000);
  const [account] = [...meter.values()];
  expect(account).toMatchObject({ succeeded: 1, sum: 0 });
  expect(account?.counts.every((count) => count === 0)).toBe(true);
});

it("tells a thousand methods apart, and counts what comes above them as one", () => {
  const meter = new TurnMeter();
  for (let index = 0; index < 1_500; index++)
    meter.ended(turn("Open", `method-${index}`, 0), VALUE, 1);
  const all = [...meter.values()];
  expect(all).toHaveLength(1_001);
  expect(all.at(-1)).toMatchObject({ method: "other", succeeded: 500 });
});
