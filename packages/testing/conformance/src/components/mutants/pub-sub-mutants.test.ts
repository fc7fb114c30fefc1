import { VirtualClock } from "@troupe/testkit";
import { describe, expect, it } from "vitest";
import { brokenPromises, firstBrokenPromise } from "../../store-cases.ts";
import type { StoreSubject } from "../../suite-subject.ts";
import { PUB_SUB_CASES, type PubSubTrial } from "../pub-sub-suite.ts";
import { FlawedBroker, FlawedPubSub, PUB_SUB_FLAWS, type PubSubFlaw } from "./flawed-pub-sub.ts";

async function openBroker(flaw?: PubSubFlaw): Promise<StoreSubject<PubSubTrial>> {
  const broker = new FlawedBroker();
  const clock = new VirtualClock();
  return {
    openHandle: async () => ({
      component: new FlawedPubSub(broker, clock, flaw),
      pass: (ms) => clock.advance(ms),
      takeOverMs: 0,
    }),
    dispose: async () => undefined,
  };
}

describe("the suite of PubSub", () => {
  it("finds nothing wrong with a broker without a flaw", async () => {
    expect(await brokenPromises(PUB_SUB_CASES, openBroker)).toEqual([]);
  });

  it.each(PUB_SUB_FLAWS)("catches a broker that %s", async (flaw) => {
    expect(await firstBrokenPromise(PUB_SUB_CASES, () => openBroker(flaw))).toBeDefined();
  });
});
