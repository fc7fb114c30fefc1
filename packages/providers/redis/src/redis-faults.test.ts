import {
  silentLogger,
  systemClock,
  TroupeError,
  type ActorAddress,
  type Logger,
  type StateStore,
} from "@troupe/core";
import { startRedis, startTcpProxy, type TestService } from "@troupe/services";
import { realTime } from "@troupe/testkit";
import { Redis } from "ioredis";
import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openRedisStores, type RedisStores } from "./open-redis-stores.ts";

const ALICE: ActorAddress = { type: "Account", id: "alice" };
const SILO = "silo-a";

let redis: TestService;
let opened: RedisStores[];

beforeEach(async () => {
  opened = [];
  redis = await startRedis({ faults: true });
});
afterEach(async () => {
  for (const stores of opened) await stores.close();
  await redis.stop();
});

async function open(url = redis.url, logger: Logger = silentLogger): Promise<RedisStores> {
  const stores = await openRedisStores({
    url,
    cluster: `test-${randomUUID()}`,
    clock: systemClock,
    logger,
  });
  opened.push(stores);
  return stores;
}

async function claim(
  store: StateStore,
): Promise<{ epoch: number; version: number; fields: Record<string, string> }> {
  const claimed = await store.claim(ALICE, { revision: 1, siloId: SILO });
  if (claimed.kind !== "claimed") throw new Error("the claim was refused");
  const fields = [...claimed.fields].map(([name, value]) => [name, Buffer.from(value).toString()]);
  return {
    epoch: claimed.epoch,
    version: claimed.version,
    fields: Object.fromEntries(fields) as Record<string, string>,
  };
}

function commit(
  store: StateStore,
  epoch: number,
  version: number,
): Promise<{ readonly kind: string }> {
  return store.commit(ALICE, {
    epoch,
    version,
    set: new Map([["balance", Buffer.from(String(version))]]),
    remove: [],
  });
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

const portOf = (url: string): number => Number(new URL(url).port);

describe("Redis that goes away", () => {
  it("answers stored, with one effect, to a commit that is repeated because its reply was lost", async () => {
    const proxy = await startTcpProxy(portOf(redis.url));
    const { stateStore } = await open(`redis://127.0.0.1:${proxy.port}`);
    const { epoch } = await claim(stateStore);
    proxy.dropReplies();
    await expect(commit(stateStore, epoch, 1)).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      ran: "maybe",
    });
    proxy.cut();
    expect(await untilBack(() => commit(stateStore, epoch, 1))).toEqual({ kind: "stored" });
    expect(await claim(stateStore)).toMatchObject({ version: 1, fields: { balance: "1" } });
    await proxy.close();
  });

  it("never sends a command again by itself", async () => {
    const proxy = await startTcpProxy(portOf(redis.url));
    const { stateStore } = await open(`redis://127.0.0.1:${proxy.port}`);
    const before = await claim(stateStore);
    proxy.dropReplies();
    await expect(claim(stateStore)).rejects.toThrow("[STORE_UNAVAILABLE]");
    proxy.cut();
    const after = await untilBack(() => claim(stateStore));
    expect(after.epoch).toBe(before.epoch + 2);
    await proxy.close();
  });

  it("does not fence a silo by a claim of its own that arrives after a later one", async () => {
    const proxy = await startTcpProxy(portOf(redis.url));
    const { stateStore } = await open(`redis://127.0.0.1:${proxy.port}`);
    proxy.holdRequests();
    await expect(claim(stateStore)).rejects.toThrow("[STORE_UNAVAILABLE]");
    const { epoch } = await untilBack(() => claim(stateStore));
    expect(await commit(stateStore, epoch, 1)).toEqual({ kind: "stored" });
    await proxy.releaseRequests();
    expect(await commit(stateStore, epoch, 2)).toEqual({ kind: "stored" });
    await proxy.close();
  });

  it("drops a connection that swallows everything, and takes another", async () => {
    const proxy = await startTcpProxy(portOf(redis.url));
    const { stateStore } = await open(`redis://127.0.0.1:${proxy.port}`);
    await claim(stateStore);
    proxy.dropReplies();
    await expect(claim(stateStore)).rejects.toThrow("[STORE_UNAVAILABLE]");
    expect((await untilBack(() => claim(stateStore))).epoch).toBeGreaterThan(1);
    await proxy.close();
  });

  it("is STORE_UNAVAILABLE while it hangs, for state and reminders, and works on by itself after", async () => {
    const { stateStore, reminderStore } = await open();
    const { epoch } = await claim(stateStore);
    await redis.pause();
    const failures = await Promise.allSettled([
      commit(stateStore, epoch, 1),
      claim(stateStore),
      reminderStore.due([1, 2], 0, 10),
      reminderStore.add([{ bucket: 1, address: ALICE, name: "statement", dueAt: 0, tag: "" }]),
    ]);
    expect(
      failures.map((one) => one.status === "rejected" && (one.reason as TroupeError).code),
    ).toEqual(failures.map(() => "STORE_UNAVAILABLE"));
    await redis.resume();
    await untilBack(() => claim(stateStore));
    await untilBack(() => reminderStore.due([1, 2], 0, 10));
  });

  it("keeps what it acknowledged through a kill, says who is away meanwhile, and is found again after", async () => {
    const { stateStore, reminderStore } = await open();
    const { epoch } = await claim(stateStore);
    for (let version = 1; version <= 20; version++) await commit(stateStore, epoch, version);
    await reminderStore.add([{ bucket: 7, address: ALICE, name: "statement", dueAt: 1, tag: "" }]);
    await redis.kill();
    await expect(commit(stateStore, epoch, 21)).rejects.toThrow(
      new RegExp(
        `STORE_UNAVAILABLE.*127\\.0\\.0\\.1:${portOf(redis.url)} does not answer.*check that it runs`,
      ),
    );
    await redis.restart();
    expect(await untilBack(() => commit(stateStore, epoch, 21))).toEqual({ kind: "stored" });
    expect(await claim(stateStore)).toMatchObject({ version: 21, fields: { balance: "21" } });
    expect(await untilBack(() => reminderStore.due([7], 1, 10))).toHaveLength(1);
  });
});

describe("Redis that refuses", () => {
  it("is STORE_UNAVAILABLE with the remedy when it is full, changes nothing, and works on with room", async () => {
    const { stateStore } = await open();
    const { epoch } = await claim(stateStore);
    await commit(stateStore, epoch, 1);
    const admin = new Redis(redis.url);
    await admin.config("SET", "maxmemory", "1");
    await expect(commit(stateStore, epoch, 2)).rejects.toThrow(
      /STORE_UNAVAILABLE.*no memory left; raise its maxmemory/,
    );
    await admin.config("SET", "maxmemory", "0");
    expect(await claim(stateStore)).toMatchObject({ version: 1, fields: { balance: "1" } });
    admin.disconnect();
  });

  it("goes on when it has forgotten the scripts", async () => {
    const { stateStore } = await open();
    const { epoch } = await claim(stateStore);
    const admin = new Redis(redis.url);
    await admin.script("FLUSH");
    expect(await commit(stateStore, epoch, 1)).toEqual({ kind: "stored" });
    await admin.script("FLUSH");
    expect(await claim(stateStore)).toMatchObject({ version: 1 });
    admin.disconnect();
  });

  it("is left alone when an actor was stored by a newer Troupe", async () => {
    const stores = await openRedisStores({
      url: redis.url,
      cluster: "bank",
      clock: systemClock,
      logger: silentLogger,
    });
    opened.push(stores);
    const admin = new Redis(redis.url);
    await admin.hset("troupe:bank:a:{Account/alice}", "@", "2 something else");
    await expect(claim(stores.stateStore)).rejects.toThrow(/newer version of Troupe/);
    expect(await admin.hgetall("troupe:bank:a:{Account/alice}")).toEqual({
      "@": "2 something else",
    });
    admin.disconnect();
  });
});

describe("opening", () => {
  it("rejects with STORE_UNAVAILABLE that names the address where nothing listens", async () => {
    await redis.kill();
    await expect(open()).rejects.toThrow(
      new RegExp(
        `STORE_UNAVAILABLE.*127\\.0\\.0\\.1:${portOf(redis.url)} does not answer.*ECONNREFUSED`,
      ),
    );
  });

  it("rejects with STORE_UNAVAILABLE when what listens does not answer", async () => {
    await redis.pause();
    await expect(open()).rejects.toThrow(/STORE_UNAVAILABLE.*does not answer/);
  });

  it("asks for the password, refuses a wrong one as BAD_CONFIG without showing it, and takes the right one", async () => {
    const locked = await startRedis({ args: ["--requirepass", "right"] });
    const withPassword = (password: string): string =>
      `redis://:${password}@127.0.0.1:${portOf(locked.url)}`;
    await expect(open(locked.url)).rejects.toThrow(/BAD_CONFIG.*asks for a password/);
    await expect(open(withPassword("hidden"))).rejects.toThrow(/BAD_CONFIG.*does not accept/);
    await expect(open(withPassword("hidden"))).rejects.not.toThrow(/hidden/);
    expect((await claim((await open(withPassword("right"))).stateStore)).version).toBe(0);
    await locked.stop();
  });

  it("warns once when what is acknowledged could be lost, and not when it could not", async () => {
    const warnings: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (_, message) => warnings.push(message) };
    await open(redis.url, logger);
    expect(warnings).toEqual([]);
    const forgetful = await startRedis({ args: ["--appendonly", "no"] });
    await open(forgetful.url, logger);
    expect(warnings).toEqual([expect.stringContaining("set appendonly yes")]);
    await forgetful.stop();
  });
});
