import {
  silentLogger,
  systemClock,
  TroupeError,
  type ActorAddress,
  type Logger,
  type StateStore,
} from "@troupe/core";
import {
  reminderStoreSuite,
  stateStoreSuite,
  storesSuite,
  type StoreSubject,
} from "@troupe/conformance";
import { type RedisCluster, startRedisCluster } from "@troupe/services";
import { realTime } from "@troupe/testkit";
import { Cluster, Redis } from "ioredis";
import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openRedisStores, type RedisStores } from "./open-redis-stores.ts";
import { StoreKeys } from "./store-keys.ts";

let redis: RedisCluster;

beforeAll(async () => {
  redis = await startRedisCluster();
});
afterAll(() => redis.stop());

async function openSubject<S>(pick: (stores: RedisStores) => S): Promise<StoreSubject<S>> {
  const cluster = `test-${randomUUID()}`;
  const opened: RedisStores[] = [];
  return {
    async openHandle() {
      const stores = await openRedisStores({
        url: redis.url,
        cluster,
        clock: systemClock,
        logger: silentLogger,
      });
      opened.push(stores);
      return pick(stores);
    },
    async dispose() {
      for (const stores of opened) await stores.close();
    },
  };
}

stateStoreSuite({ name: "redis cluster", open: () => openSubject((stores) => stores.stateStore) });
reminderStoreSuite({
  name: "redis cluster",
  open: () => openSubject((stores) => stores.reminderStore),
});

storesSuite({
  name: "redis cluster",
  open: () =>
    openSubject(({ stateStore, reminderStore }) => ({
      state: stateStore,
      reminders: reminderStore,
    })),
});

const ADDRESSES: readonly ActorAddress[] = Array.from({ length: 60 }, (_, index) => ({
  type: "Account",
  id: `account-${index}`,
}));

describe("a Redis Cluster", () => {
  const opened: RedisStores[] = [];
  afterEach(async () => {
    for (const stores of opened.splice(0)) await stores.close();
  });

  async function open(cluster: string, logger: Logger = silentLogger): Promise<RedisStores> {
    const stores = await openRedisStores({ url: redis.url, cluster, clock: systemClock, logger });
    opened.push(stores);
    return stores;
  }

  it("spreads actors and buckets over its nodes, each command going to the node that has its key", async () => {
    const { stateStore, reminderStore } = await open("spread");
    await Promise.all(ADDRESSES.map((address) => commitNext(stateStore, address)));
    const entries = ADDRESSES.map((address, index) => ({
      bucket: index * 17,
      address,
      name: "statement",
      dueAt: index,
      tag: "",
    }));
    await reminderStore.add(entries);
    const buckets = Array.from({ length: 1_024 }, (_, bucket) => bucket);
    expect(await reminderStore.due(buckets, 1_000, 1_000)).toEqual(entries);
    for (const node of redis.nodes) {
      const client = new Redis(node.url);
      expect((await client.keys("troupe:spread:a:*")).length).toBeGreaterThan(0);
      expect((await client.keys("troupe:spread:r:*")).length).toBeGreaterThan(0);
      client.disconnect();
    }
  });

  it("stores no field of a commit whose entry cannot be added, and has the entry before the field", async () => {
    const { stateStore, reminderStore } = await open("steps");
    const [address] = ADDRESSES;
    if (address === undefined) throw new Error("there is no actor");
    const claimed = await stateStore.claim(address, { revision: 1, siloId: "silo-a" });
    if (claimed.kind !== "claimed") throw new Error("the claim was refused");
    const { epoch } = claimed;
    const entry = { bucket: 9, address, name: "statement", dueAt: 1, tag: "1.1" };
    const set = new Map([["r:statement", Buffer.from("1")]]);
    const commit = { epoch, version: 1, set, remove: [], due: { add: [entry], remove: [] } };
    const client = new Cluster(redis.nodes.map(({ url }) => url));
    await client.set(new StoreKeys("steps").bucket(9), "not a sorted set");
    await expect(stateStore.commit(address, commit)).rejects.toThrow("WRONGTYPE");
    expect((await stateStore.read(address, ""))?.version).toBe(0);
    await client.del(new StoreKeys("steps").bucket(9));
    client.disconnect();
    // Under an epoch that is over the entry is one too many, and harmless.
    const late = { ...commit, epoch: epoch - 1 };
    expect((await stateStore.commit(address, late)).kind).toBe("fenced");
    expect(await stateStore.commit(address, commit)).toEqual({ kind: "stored" });
    expect(await reminderStore.due([9], 1, 10)).toEqual([entry]);
  });

  it("is followed when a slot moves to another node while others of the same pipeline stay", async () => {
    const { stateStore } = await open("moving");
    await Promise.all(ADDRESSES.map((address) => commitNext(stateStore, address)));
    const client = new Redis(redis.nodes[0]?.url ?? "");
    const [moving = ADDRESSES[0]] = ADDRESSES.slice(7);
    if (moving === undefined) throw new Error("there is no actor to move");
    const slot = await client.cluster("KEYSLOT", new StoreKeys("moving").actor(moving));
    client.disconnect();
    await redis.moveSlot(slot, ((await redis.ownerOf(slot)) + 1) % redis.nodes.length);
    const versions = await Promise.all(
      ADDRESSES.map((address) => untilBack(() => commitNext(stateStore, address))),
    );
    // An attempt whose claim was served and whose commit was not has changed nothing.
    expect(versions).toEqual(ADDRESSES.map(() => 2));
  });

  it("serves what its other nodes have while one is away, keeps what it acknowledged, and is whole again by itself", async () => {
    const { stateStore } = await open("broken");
    await Promise.all(ADDRESSES.map((address) => commitNext(stateStore, address)));
    const [victim] = redis.nodes;
    await victim?.kill();
    const outcomes = await Promise.allSettled(
      ADDRESSES.map((address) => commitNext(stateStore, address)),
    );
    const failed = outcomes.filter(({ status }) => status === "rejected");
    expect(failed.length).toBeGreaterThan(0);
    for (const failure of failed)
      expect(failure).toMatchObject({ reason: { code: "STORE_UNAVAILABLE" } });
    await victim?.restart();
    await redis.untilWhole();
    for (const [index, address] of ADDRESSES.entries()) {
      const before = outcomes[index]?.status === "fulfilled" ? 2 : 1;
      expect(await untilBack(() => commitNext(stateStore, address))).toBeGreaterThan(before);
    }
  });

  it("is told from a Redis that stands alone, and the error says how its URL is written", async () => {
    const url = redis.nodes[0]?.url ?? "";
    const stores = await openRedisStores({
      url,
      cluster: "alone",
      clock: systemClock,
      logger: silentLogger,
    });
    opened.push(stores);
    const failures = await Promise.allSettled(
      ADDRESSES.map((address) => commitNext(stores.stateStore, address)),
    );
    expect(failures.some(({ status }) => status === "rejected")).toBe(true);
    for (const failure of failures) {
      if (failure.status === "rejected")
        expect(String(failure.reason)).toMatch(/STORE_UNAVAILABLE.*redis\+cluster:\/\//);
    }
  });

  it("is warned of if any of its nodes may lose what it acknowledged", async () => {
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (_, message) => warnings.push(message) };
    await open("settings", logger);
    expect(warnings).toEqual([]);
    const client = new Redis(redis.nodes[2]?.url ?? "");
    await client.config("SET", "appendfsync", "everysec");
    await open("settings", logger);
    await client.config("SET", "appendfsync", "always");
    client.disconnect();
    expect(warnings).toEqual([expect.stringContaining("set appendfsync always")]);
  });
});

/** Claims the actor and commits once more; gives the version. */
async function commitNext(store: StateStore, address: ActorAddress): Promise<number> {
  const claimed = await store.claim(address, { revision: 1, siloId: "silo" });
  if (claimed.kind !== "claimed") throw new Error("the claim was refused");
  const version = claimed.version + 1;
  const set = new Map([["version", Buffer.from(String(version))]]);
  expect(await store.commit(address, { epoch: claimed.epoch, version, set, remove: [] })).toEqual({
    kind: "stored",
  });
  return version;
}

/** The outcome of the first attempt that is not refused because the store is away. */
async function untilBack<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof TroupeError) || error.code !== "STORE_UNAVAILABLE") throw error;
      await realTime.elapse(20);
    }
  }
}
