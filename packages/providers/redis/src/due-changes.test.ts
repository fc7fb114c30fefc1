import {
  silentLogger,
  systemClock,
  TroupeError,
  type ActorAddress,
  type Commit,
  type DueEntry,
  type StateStore,
} from "@troupe/core";
import { startRedis, startTcpProxy, type TestService } from "@troupe/services";
import { realTime } from "@troupe/testkit";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openRedisStores, type RedisStores } from "./open-redis-stores.ts";

const ALICE: ActorAddress = { type: "Account", id: "alice" };
const BUCKET = 5;
const BUCKET_KEY = `troupe:bank:r:{${BUCKET}}`;

let redis: TestService;
let admin: Redis;
let opened: RedisStores[];

beforeEach(async () => {
  opened = [];
  redis = await startRedis();
  admin = new Redis(redis.url);
});
afterEach(async () => {
  for (const stores of opened) await stores.close();
  admin.disconnect();
  await redis.stop();
});

async function open(url = redis.url): Promise<RedisStores> {
  const stores = await openRedisStores({
    url,
    cluster: "bank",
    clock: systemClock,
    logger: silentLogger,
  });
  opened.push(stores);
  return stores;
}

function entry(tag: string): DueEntry {
  return { bucket: BUCKET, address: ALICE, name: "statement", dueAt: 1_000, tag };
}

async function epochOf(store: StateStore, revision = 1): Promise<number> {
  const claimed = await store.claim(ALICE, { revision, siloId: "silo-a" });
  if (claimed.kind !== "claimed") throw new Error("the claim was refused");
  return claimed.epoch;
}

/** A commit that sets the reminder with that tag, in the place of another. */
function setting(epoch: number, version: number, tag: string, before?: string): Commit {
  const set = new Map([["r:statement", Buffer.from(tag)]]);
  const remove = before === undefined ? [] : [entry(before)];
  return { epoch, version, set, remove: [], due: { add: [entry(tag)], remove } };
}

function deleting(epoch: number, version: number, tag: string): Commit {
  const due = { add: [], remove: [entry(tag)] };
  return { epoch, version, set: new Map(), remove: ["r:statement"], due };
}

async function tags({ reminderStore }: RedisStores): Promise<string[]> {
  return (await reminderStore.due([BUCKET], 10_000, 100)).map(({ tag }) => tag).toSorted();
}

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

async function scriptsRun(): Promise<number> {
  const stats = await admin.info("commandstats");
  return [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );
}

describe("bytes that the network held and delivers late", () => {
  it("take no entry that was set since for the same time, by a commit of the old connection", async () => {
    const proxy = await startTcpProxy(Number(new URL(redis.url).port));
    const stores = await open(`redis://127.0.0.1:${proxy.port}`);
    const epoch = await epochOf(stores.stateStore);
    await stores.stateStore.commit(ALICE, setting(epoch, 1, "1.1"));
    proxy.holdRequests();
    await expect(stores.stateStore.commit(ALICE, deleting(epoch, 2, "1.1"))).rejects.toThrow(
      "[STORE_UNAVAILABLE]",
    );
    // The activation is thrown away, the next one deletes the reminder and sets it again.
    const next = await untilBack(() => epochOf(stores.stateStore));
    await stores.stateStore.commit(ALICE, deleting(next, 2, "1.1"));
    await stores.stateStore.commit(ALICE, setting(next, 3, "2.3"));
    await proxy.releaseRequests();
    expect(await untilBack(() => tags(stores))).toEqual(["2.3"]);
    await proxy.close();
  });

  it("take no entry that was set since for the same time, by a removal of the old connection", async () => {
    const proxy = await startTcpProxy(Number(new URL(redis.url).port));
    const stores = await open(`redis://127.0.0.1:${proxy.port}`);
    const epoch = await epochOf(stores.stateStore);
    await stores.stateStore.commit(ALICE, setting(epoch, 1, "1.1"));
    proxy.holdRequests();
    await expect(stores.reminderStore.remove([entry("1.1")])).rejects.toThrow(
      "[STORE_UNAVAILABLE]",
    );
    const next = await untilBack(() => epochOf(stores.stateStore));
    await stores.stateStore.commit(ALICE, setting(next, 2, "2.2", "1.1"));
    await proxy.releaseRequests();
    expect(await untilBack(() => tags(stores))).toEqual(["2.2"]);
    await proxy.close();
  });

  it("leave nothing of a commit of an owner that has a successor, not even its removals", async () => {
    const proxy = await startTcpProxy(Number(new URL(redis.url).port));
    const old = await open(`redis://127.0.0.1:${proxy.port}`);
    const epoch = await epochOf(old.stateStore);
    await old.stateStore.commit(ALICE, setting(epoch, 1, "1.1"));
    proxy.holdRequests();
    const late = old.stateStore.commit(ALICE, deleting(epoch, 2, "1.1"));
    await expect(late).rejects.toThrow("[STORE_UNAVAILABLE]");
    const successor = await open();
    await epochOf(successor.stateStore, 2);
    await proxy.releaseRequests();
    expect(await tags(successor)).toEqual(["1.1"]);
    expect((await successor.stateStore.read(ALICE, "r:"))?.fields.size).toBe(1);
    await proxy.close();
  });
});

describe("a commit that changes the index", () => {
  it("is one command, together with its neighbours of one tick", async () => {
    const { stateStore } = await open();
    const epoch = await epochOf(stateStore);
    await stateStore.commit(ALICE, setting(epoch, 1, "1.1"));
    const before = await scriptsRun();
    const others = ["bob", "eve"].map((id) =>
      stateStore.claim({ type: "Account", id }, { revision: 1, siloId: "silo-a" }),
    );
    await Promise.all([stateStore.commit(ALICE, setting(epoch, 2, "1.2", "1.1")), ...others]);
    expect((await scriptsRun()) - before).toBe(1);
  });

  it("stores no field if an entry of it cannot be added, and takes no neighbour along", async () => {
    const stores = await open();
    const epoch = await epochOf(stores.stateStore);
    await admin.set(BUCKET_KEY, "not a sorted set");
    const neighbour = stores.stateStore.claim(
      { type: "Account", id: "bob" },
      { revision: 1, siloId: "silo-a" },
    );
    await expect(stores.stateStore.commit(ALICE, setting(epoch, 1, "1.1"))).rejects.toThrow(
      "WRONGTYPE",
    );
    expect((await neighbour).kind).toBe("claimed");
    expect(await stores.stateStore.read(ALICE, "")).toMatchObject({ version: 0 });
    await admin.del(BUCKET_KEY);
    expect(await stores.stateStore.commit(ALICE, setting(epoch, 1, "1.1"))).toEqual({
      kind: "stored",
    });
    expect(await tags(stores)).toEqual(["1.1"]);
  });

  it("stores no field if Redis is full, and leaves at most an entry too many", async () => {
    const stores = await open();
    const epoch = await epochOf(stores.stateStore);
    await stores.stateStore.commit(ALICE, setting(epoch, 1, "1.1"));
    await admin.config("SET", "maxmemory", "1");
    await expect(stores.stateStore.commit(ALICE, setting(epoch, 2, "1.2", "1.1"))).rejects.toThrow(
      "has no memory left",
    );
    expect(await stores.stateStore.read(ALICE, "")).toMatchObject({ version: 1 });
    expect(await tags(stores)).toContain("1.1");
  });

  it("removes an entry that was stored before there were tags", async () => {
    const stores = await open();
    await admin.zadd(BUCKET_KEY, 1_000, '["Account","alice","statement",1000]');
    expect(await tags(stores)).toEqual([""]);
    const epoch = await epochOf(stores.stateStore);
    await stores.stateStore.commit(ALICE, setting(epoch, 1, "1.1", ""));
    expect(await tags(stores)).toEqual(["1.1"]);
  });
});

describe("an actor that retires", () => {
  it("stays as it was if the user of Redis may let no key expire", async () => {
    await admin.call("ACL", "SETUSER", "troupe", "on", ">secret", "~*", "+@all", "-pexpire");
    const { port } = new URL(redis.url);
    const stores = await open(`redis://troupe:secret@127.0.0.1:${port}`);
    const epoch = await epochOf(stores.stateStore);
    await stores.stateStore.commit(ALICE, setting(epoch, 1, "1.1"));
    const end = { epoch, version: 2, keepMs: 60_000, due: { add: [], remove: [entry("1.1")] } };
    await expect(stores.stateStore.retire(ALICE, end)).rejects.toThrow("+pexpire");
    expect(await stores.stateStore.read(ALICE, "")).toMatchObject({ version: 1 });
    expect(await tags(stores)).toEqual(["1.1"]);
    expect(await stores.stateStore.commit(ALICE, setting(epoch, 2, "1.2", "1.1"))).toEqual({
      kind: "stored",
    });
  });

  it("leaves no key when its time is over, and one without an expiry when it is claimed", async () => {
    const { stateStore } = await open();
    const epoch = await epochOf(stateStore);
    await stateStore.commit(ALICE, setting(epoch, 1, "1.1"));
    const key = "troupe:bank:a:{Account/alice}";
    await stateStore.retire(ALICE, { epoch, version: 2, keepMs: 60_000 });
    expect(await admin.hkeys(key)).toEqual(["@"]);
    expect(await admin.pttl(key)).toBeGreaterThan(50_000);
    const next = await epochOf(stateStore);
    expect(await admin.pttl(key)).toBe(-1);
    await stateStore.retire(ALICE, { epoch: next, version: 3, keepMs: 30 });
    await expect.poll(() => admin.exists(key)).toBe(0);
  });
});
