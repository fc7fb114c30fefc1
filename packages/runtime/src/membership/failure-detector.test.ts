import { type Link, type Member, silentLogger } from "@troupe/core";
import { VirtualClock } from "@troupe/testkit";
import { describe, expect, it } from "vitest";
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

describe("many silos that find one gone", () => {
  const members = Array.from({ length: 12 }, (_, index) => member(`silo-${10 + index}`));

  /** The silo that judges, whether the dead one is a member, and who was asked and evicted. */
  function judge(siloId: string, isConfirmedBy: (witness: string) => boolean = () => true) {
    const clock = new VirtualClock();
    const judged = { asked: [] as string[], evicted: 0, isMember: true };
    const detector = new FailureDetector({
      siloId,
      clock,
      logger: silentLogger,
      leaseTtlMs: LEASE_MS,
      view: () => ({
        revision: 1,
        members: members.filter((one) => judged.isMember || one.siloId !== "silo-12"),
      }),
      linkTo: () => ({}) as Link,
      evict: async () => {
        judged.evicted++;
        return "evicted";
      },
      confirmsGone: async (witness) => {
        judged.asked.push(witness);
        return isConfirmedBy(witness);
      },
      onProbed() {},
      onIsolated() {},
    });
    return { clock, detector, judged };
  }

  it("leave it to the three that follow it, of which each asks three", async () => {
    const { clock, detector, judged } = judge("silo-15");
    void detector.refused("silo-12");
    await clock.advance(0);
    expect([judged.evicted, judged.asked]).toEqual([1, ["silo-13", "silo-14", "silo-16"]]);
  });

  it("judge it themselves if it is still a member after a while, and not otherwise", async () => {
    for (const isMember of [true, false]) {
      const { clock, detector, judged } = judge("silo-16");
      void detector.refused("silo-12");
      await clock.advance(199);
      expect(judged.evicted).toBe(0);
      judged.isMember = isMember;
      await clock.advance(1);
      expect(judged.evicted).toBe(isMember ? 1 : 0);
    }
  });

  it("ask all others if the first that they ask do not find it gone", async () => {
    const { clock, detector, judged } = judge("silo-13", (witness) => witness === "silo-11");
    await clock.run(detector.refused("silo-12"));
    expect([judged.evicted, judged.asked.length]).toEqual([1, 10]);
  });

  it("ask once, however often they are refused meanwhile", async () => {
    const { clock, detector, judged } = judge("silo-16");
    for (let times = 0; times < 5; times++) void detector.refused("silo-12");
    await clock.advance(1_000);
    expect(judged.asked).toHaveLength(3);
  });
});
