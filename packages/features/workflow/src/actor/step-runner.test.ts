import { seededRandom, VirtualClock } from "@troupe/testkit";
import { expect, it } from "vitest";
import { retryPolicy } from "../executor/retry-policy.ts";
import { StepRunner } from "./step-runner.ts";

it("begins no other attempt of a step that nobody wants any more", async () => {
  const clock = new VirtualClock();
  const steps = new StepRunner({
    address: { type: "Order", id: "o" },
    clock,
    random: seededRandom(1),
    isDisposed: false,
    busy: () => () => undefined,
    settled: async () => true,
    paused: async () => true,
  });
  let attempts = 0;
  const work = (): never => {
    attempts++;
    throw new RangeError("on purpose");
  };
  const retry = retryPolicy("charge", { attempts: 5, first: 100 });
  const call = { kind: "run", name: "charge", work, retry, timeoutMs: undefined } as const;
  steps.start({ number: 0, call, attempt: 1, key: "Order/o/r/0", fence: 1 });
  await clock.advance(50);
  expect(attempts).toBe(1);
  steps.abort(0, new Error("the run has ended"));
  await clock.advance(5_000);
  expect(attempts).toBe(1);
});
