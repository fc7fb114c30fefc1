import type { Member } from "@troupe/core";
import { membershipSuite } from "@troupe/conformance";
import { realTime, VirtualClock, virtualTime, type TestTime } from "@troupe/testkit";
import { describe, expect, it } from "vitest";
import { MemoryMembership } from "./memory-membership.ts";
import { MemoryRegistry } from "./memory-registry.ts";

function suiteOn(name: string, ttlMs: number, makeTime: () => TestTime): void {
  membershipSuite({
    name,
    open: async () => {
      const time = makeTime();
      const registry = new MemoryRegistry(time.clock);
      const providers: MemoryMembership[] = [];
      return {
        ttlMs,
        time,
        openProvider: async () => {
          const provider = new MemoryMembership(registry);
          providers.push(provider);
          return provider;
        },
        dispose: async () => {
          for (const provider of providers) await provider.close();
        },
      };
    },
  });
}

suiteOn("memory, virtual time", 5_000, () => virtualTime(new VirtualClock()));
suiteOn("memory, real time", 1_000, () => realTime);

describe("MemoryMembership, cut off", () => {
  it("rejects, breaks its watches, and shows the view of now when it is back", async () => {
    const clock = new VirtualClock();
    const registry = new MemoryRegistry(clock);
    const [near, far] = [new MemoryMembership(registry), new MemoryMembership(registry)];
    const seen: string[] = [];
    await near.watch({
      onView: ({ members }) => seen.push(members.map(({ siloId }) => siloId).join()),
      onBroken: () => seen.push("broken"),
    });
    const lease = await near.register(member("a"), 5_000);
    near.cutOff();
    await expect(near.renew(lease)).rejects.toMatchObject({ code: "CLUSTER_UNAVAILABLE" });
    await far.register(member("b"), 60_000);
    await clock.advance(5_000);
    near.reconnect();
    await clock.advance(0);
    expect(seen).toEqual(["", "a", "broken", "b"]);
    expect(await near.renew(lease)).toBe("gone");
  });

  it("refuses a silo id that is registered already", async () => {
    const provider = new MemoryMembership(new MemoryRegistry(new VirtualClock()));
    await provider.register(member("a"), 5_000);
    await expect(provider.register(member("a"), 5_000)).rejects.toMatchObject({
      code: "BAD_CONFIG",
    });
  });
});

function member(siloId: string): Member {
  return {
    siloId,
    address: "127.0.0.1:7100",
    state: "active",
    types: {},
    version: "0.1.0",
    labels: {},
  };
}
