import { type Link, type Member, silentLogger } from "@troupe/core";
import { VirtualClock } from "@troupe/testkit";
import { expect, it } from "vitest";
import { FailureDetector } from "./failure-detector.ts";

const LEASE_MS = 5_000;

function member(siloId: string, address = "10.0.0.1:7100"): Member {
  return { siloId, address, state: "active", types: {}, version: "1", labels: {} };
}

it("evicts nobody who gave a host name: another machine may have that name by now, while the silo still runs", async () => {
  const clock = new VirtualClock();
  const evicted: string[] = [];
  const detector = new FailureDetector({
    siloId: "a",
    clock,
    logger: silentLogger,
    leaseTtlMs: LEASE_MS,
    view: () => ({
      revision: 1,
      members: [member("a"), member("b", "silo-b.example:7100"), member("c", "localhost:7100")],
    }),
    linkTo: () => ({}) as Link,
    evict: async (siloId) => {
      evicted.push(siloId);
      return "evicted";
    },
    confirmsGone: async () => true,
    onProbed() {},
    onIsolated() {},
  });
  await clock.run(detector.refused("b"));
  expect([evicted, detector.hasFoundGone("b")]).toEqual([[], false]);
  await clock.run(detector.refused("c"));
  expect([evicted, detector.hasFoundGone("c")]).toEqual([["c"], true]);
});

it("evicts no more than a third of the others in the time of a lease, though many are found gone at the same moment", async () => {
  const clock = new VirtualClock();
  const evicted: string[] = [];
  const members = ["a", "b", "c", "d"].map((siloId) => member(siloId));
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
    onProbed() {},
    onIsolated() {},
  });
  await clock.run(Promise.all([detector.refused("b"), detector.refused("c")]));
  expect(evicted).toEqual(["b"]);
  await clock.advance(LEASE_MS);
  await clock.run(detector.refused("c"));
  expect(evicted).toEqual(["b", "c"]);
});
