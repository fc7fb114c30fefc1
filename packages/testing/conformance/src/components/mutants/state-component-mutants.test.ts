import { VirtualClock } from "@troupe/testkit";
import { describe, expect, it } from "vitest";
import { brokenPromises, firstBrokenPromise } from "../../store-cases.ts";
import type { StoreSubject } from "../../suite-subject.ts";
import type { StateTrial } from "../state-component-fixture.ts";
import { STATE_COMPONENT_CASES } from "../state-component-suite.ts";
import {
  type FlawedItems,
  FlawedStateComponent,
  STATE_COMPONENT_FLAWS,
  type StateComponentFlaw,
} from "./flawed-state-component.ts";

async function open(flaw?: StateComponentFlaw): Promise<StoreSubject<StateTrial>> {
  const items: FlawedItems = { items: new Map(), etags: 0 };
  const clock = new VirtualClock();
  return {
    openHandle: async () => ({
      component: new FlawedStateComponent(items, clock, flaw),
      pass: (ms) => clock.advance(ms),
    }),
    dispose: async () => undefined,
  };
}

describe("the suite of StateComponent", () => {
  it("finds nothing wrong with a component without a flaw", async () => {
    expect(await brokenPromises(STATE_COMPONENT_CASES, open)).toEqual([]);
  });

  it.each(STATE_COMPONENT_FLAWS)("catches a component that %s", async (flaw) => {
    expect(await firstBrokenPromise(STATE_COMPONENT_CASES, () => open(flaw))).toBeDefined();
  });
});
