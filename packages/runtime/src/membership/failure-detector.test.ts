import { type Link, type Member, silentLogger } from "@troupe/core";
import { VirtualClock } from "@troupe/testkit";
import { expect, it } from "vitest";
import { FailureDetector } from "./failure-detector.ts";

const LEASE_MS = 5_000;

function member(siloId: string): Member {
  return { siloId, address: `${siloId}:1`, state: "active", types: {}, version: "1", labels: {} };
}

it("evicts no more than a third of the others in the time of a lease, though many are found gone at the same moment", async () => {
  const clock = new VirtualClock();
  const evicted: string[] = [];
  const members = ["a", "b", "c", "d"].map(member);
  const detector = new FailureDetector({
    siloId: "a",
    clock,
    logger: silentLogger,
    leaseTtlMs: LEASE_MS,
    view: () => ({ revision: 1, members }),
    linkTo: (siloId) => (siloId === "d" ? ({} as Link) : undefined),
    evict: async (siloId) => {
      evicted.push(siloId);
      return "evicted";
    },
    confirmsGone: async () => true,
    onIsolated() {},
  });
  await clock.run(Promise.all([detector.refused("b"), detector.refused("c")]));
  expect(evicted).toEqual(["b"]);
  await clock.advance(LEASE_MS);
  await clock.run(detector.refused("c"));
  expect(evicted).toEqual(["b", "c"]);
});
