import {
  silentLogger,
  systemClock,
  type ActorAddress,
  type CommitResult,
  type StateStore,
} from "@troupe/core";
import { startRedis, type TestService } from "@troupe/services";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { REQUESTS_MAX } from "./actor-requests.ts";
import { openRedisStores, type RedisStores } from "./open-redis-stores.ts";

const CLAIM = { revision: 1, siloId: "silo-a" };

let redis: TestService;
let admin: Redis;
let opened: RedisStores[];

beforeEach(() => {
  opened = [];
});
afterEach(async () => {
  for (const stores of opened) await stores.close();
  admin.disconnect();
  await redis.stop();
});

async function open(
  args: readonly string[] = [],
  prepare: (admin: Redis) => Promise<unknown> = async () => {},
): Promise<StateStore> {
  redis = await startRedis({ args });
  admin = new Redis(redis.url);
  await prepare(admin);
  const stores = await openRedisStores({
    url: redis.url,
    cluster: "bank",
    clock: systemClock,
    logger: silentLogger,
  });
  opened.push(stores);
  return stores.stateStore;
}

const account = (id: number | string): ActorAddress => ({ type: "Account", id: String(id) });

function commit(store: StateStore, id: number | string, version: number): Promise<CommitResult> {
  const set = new Map([["balance", Buffer.from(String(version))]]);
  return store.commit(account(id), { epoch: 1, version, set, remove: [] });
}

/** How many commands that run the script Redis has seen. */
async function scriptsRun(): Promise<number> {
  const stats = await admin.info("commandstats");
  return [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );
}

describe("requests of one tick", () => {
  it("go to Redis in few commands, each with an answer of its own", async () => {
    const store = await open();
    const ids = Array.from({ length: 3 * REQUESTS_MAX }, (_, id) => id);
    const before = await scriptsRun();
    const claims = await Promise.all(ids.map((id) => store.claim(account(id), CLAIM)));
    expect(claims).toEqual(
      ids.map(() => ({ kind: "claimed", epoch: 1, version: 0, fields: new Map() })),
    );
    expect(await Promise.all(ids.map((id) => commit(store, id, 1)))).toEqual(
      ids.map(() => ({ kind: "stored" })),
    );
    expect((await scriptsRun()) - before).toBe(6);
  });

  it("take effect in their order, also for one actor", async () => {
    const store = await open();
    const results = await Promise.all([
      store.claim(account("a"), CLAIM),
      commit(store, "a", 1),
      commit(store, "a", 2),
      store.claim(account("a"), CLAIM),
      commit(store, "a", 3),
    ]);
    expect(results).toEqual([
      { kind: "claimed", epoch: 1, version: 0, fields: new Map() },
      { kind: "stored" },
      { kind: "stored" },
      { kind: "claimed", epoch: 2, version: 2, fields: new Map([["balance", Buffer.from("2")]]) },
      { kind: "fenced", epoch: 2 },
    ]);
  });

  it("do not fail with one of them that does", async () => {
    const store = await open();
    await Promise.all(["a", "b"].map((id) => store.claim(account(id), CLAIM)));
    await admin.set("troupe:bank:a:{Account/text}", "of someone else");
    await admin.hset("troupe:bank:a:{Account/newer}", "@", "2 something else");
    const results = await Promise.allSettled([
      commit(store, "a", 1),
      commit(store, "text", 1),
      store.claim(account("text"), CLAIM),
      commit(store, "newer", 1),
      store.claim(account("newer"), CLAIM),
      commit(store, "unknown", 1),
      commit(store, "b", 1),
    ]);
    expect(
      results.map((one) => (one.status === "fulfilled" ? one.value : String(one.reason))),
    ).toEqual([
      { kind: "stored" },
      expect.stringContaining("other data under Troupe's keys"),
      expect.stringContaining("other data under Troupe's keys"),
      expect.stringContaining("newer version of Troupe"),
      expect.stringContaining("newer version of Troupe"),
      { kind: "fenced", epoch: 0 },
      { kind: "stored" },
    ]);
  });

  it("change nothing when Redis is full, and say so for each", async () => {
    const store = await open();
    await Promise.all(["a", "b"].map((id) => store.claim(account(id), CLAIM)));
    await admin.config("SET", "maxmemory", "1");
    const results = await Promise.allSettled([commit(store, "a", 1), commit(store, "b", 1)]);
    for (const one of results)
      expect(one).toMatchObject({
        reason: { code: "STORE_UNAVAILABLE", message: expect.stringContaining("maxmemory") },
      });
    await admin.config("SET", "maxmemory", "0");
    expect(
      await Promise.all(["a", "b"].map((id) => store.claim(account(id), CLAIM))),
    ).toMatchObject([{ version: 0 }, { version: 0 }]);
  });
});

describe("a Redis that takes only keys of one slot together", () => {
  it("gets each request alone", async () => {
    const store = await open(["--cluster-enabled", "yes"], async (node) => {
      await node.call("CLUSTER", "ADDSLOTSRANGE", 0, 16_383);
      while (!(await node.cluster("INFO")).includes("cluster_state:ok"));
    });
    const ids = [1, 2, 3];
    await Promise.all(ids.map((id) => store.claim(account(id), CLAIM)));
    expect(await Promise.all(ids.map((id) => commit(store, id, 1)))).toEqual(
      ids.map(() => ({ kind: "stored" })),
    );
  });
});
