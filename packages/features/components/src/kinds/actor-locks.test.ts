import { lockStoreSuite } from "@troupe/conformance";
import { silentLogger, sleep, systemClock } from "@troupe/core";
import { TestCluster } from "@troupe/testkit";
import { type Silo, startSilo } from "troupe";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openComponents } from "../opening/open-components.ts";
import { ActorLocks } from "./actor-locks.ts";
import { lockActor } from "./lock-actor.ts";

const HELD = { kind: "held" };
const LOST = { kind: "lost" };
const DONE = { kind: "done" };

describe("lock.builtin", () => {
  let silo: Silo;
  let names = 0;

  beforeAll(async () => {
    silo = await startSilo({
      cluster: "locks",
      actors: [lockActor],
      membership: "memory:locks",
      storage: "memory:locks",
      logger: silentLogger,
    });
  });
  afterAll(() => silo.stop());

  lockStoreSuite({
    name: "lock.builtin",
    open: async () => {
      const name = `locks ${++names}`;
      return {
        openHandle: async () => ({
          component: new ActorLocks(silo, name),
          pass: (ms) => sleep(systemClock, ms),
        }),
        dispose: async () => undefined,
      };
    },
  });

  it("is opened as a component, and kept apart from one of another name", async () => {
    await using components = await openComponents({
      appId: "shop",
      actors: silo,
      components: [
        { name: "doors", type: "lock.builtin" },
        { name: "windows", type: "lock.builtin" },
      ],
    });
    const lock = await components.lock("doors").tryAcquire("one", { ttl: "1m" });
    expect(await components.lock("doors").tryAcquire("one", { ttl: "1m" })).toBeUndefined();
    expect(await components.lock("windows").tryAcquire("one", { ttl: "1m" })).toBeDefined();
    expect(await lock?.release()).toBe(true);
    const locks = [{ name: "doors", type: "lock.builtin" }];
    await expect(openComponents({ appId: "shop", components: locks })).rejects.toMatchObject({
      code: "BAD_CONFIG",
      message: expect.stringContaining("a silo or a client as `actors`"),
    });
  });

  it("takes no nonsense from whoever calls the actor itself", async () => {
    const reference = silo.actor("TroupeLock", "locks/nonsense");
    for (const args of [[], [5, 5], ["a", -1], ["a", "b"], ["a", Number.NaN]])
      await expect(reference.tryAcquire?.(...args)).rejects.toMatchObject({ code: "BAD_INPUT" });
  });
});

describe("lock.builtin in a cluster", () => {
  it("keeps locks and fences while their silos are lost and replaced (K5)", async () => {
    await using cluster = await TestCluster.start({ actors: [lockActor], silos: 3 });
    const locks = new ActorLocks(cluster.client, "locks");
    const resources = Array.from({ length: 12 }, (_, index) => `resource ${index}`);
    const ttlMs = 600_000;
    const fences = new Map<string, number>();
    for (let round = 1; round <= 4; round++) {
      for (const resource of resources) {
        const owner = `owner ${round}`;
        const result = await cluster.run(locks.tryAcquire({ resource, owner, ttlMs }));
        const fence = result.kind === "acquired" ? result.fence : 0;
        expect(fence).toBeGreaterThan(fences.get(resource) ?? 0);
        fences.set(resource, fence);
      }
      const [victim] = cluster.silos;
      if (round % 2 === 0) victim?.kill();
      else if (victim !== undefined) await cluster.stopSilo(victim);
      await cluster.startSilo();
      for (const resource of resources) {
        const fence = fences.get(resource) ?? 0;
        const other = { resource, owner: "other", ttlMs };
        expect(await cluster.run(locks.tryAcquire(other))).toEqual(HELD);
        const wrong = { resource, owner: "other", fence };
        expect(await cluster.run(locks.release(wrong))).toEqual(LOST);
        const held = { resource, owner: `owner ${round}`, fence };
        expect(await cluster.run(locks.renew(held, ttlMs))).toEqual(DONE);
        expect(await cluster.run(locks.release(held))).toEqual(DONE);
      }
    }
  });

  it("frees a lock when its time is over, and says where the actors are missing", async () => {
    await using cluster = await TestCluster.start({ actors: [lockActor] });
    const locks = new ActorLocks(cluster.client, "locks");
    const first = { resource: "one", owner: "a", ttlMs: 10_000 };
    await cluster.run(locks.tryAcquire(first));
    await cluster.advance(9_000);
    expect(await cluster.run(locks.tryAcquire({ ...first, owner: "b" }))).toEqual(HELD);
    await cluster.advance(1_000);
    expect(await cluster.run(locks.tryAcquire({ ...first, owner: "b" }))).toEqual({
      kind: "acquired",
      fence: 2,
    });
    await using without = await TestCluster.start({ actors: [] });
    const nowhere = new ActorLocks(without.client, "locks");
    await expect(without.run(nowhere.tryAcquire(first))).rejects.toMatchObject({
      code: "COMPONENT_UNAVAILABLE",
      ran: "no",
      message: expect.stringContaining("or add lockActor to their actors"),
    });
  });
});
