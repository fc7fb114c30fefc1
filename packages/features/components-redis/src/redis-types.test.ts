import {
  type ConfigurationTrial,
  configurationStoreSuite,
  lockStoreSuite,
  stateComponentSuite,
} from "@troupe/conformance";
import {
  type ComponentContext,
  type ComponentPorts,
  type ComponentType,
  type LockStore,
  randomId,
  silentLogger,
  sleep,
  type StateComponent,
  systemClock,
  systemRandom,
  withTimeout,
} from "@troupe/core";
import { startRedis, type TestService } from "@troupe/services";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { redisTypes } from "./redis-types.ts";

/** Database of the settings, which are all keys there are, and of everything else. */
const SETTINGS_DB = 5;
const ITEMS_DB = 4;

const CONTEXT: ComponentContext = {
  name: "test",
  appId: "shop",
  clock: systemClock,
  logger: silentLogger,
  folder: ".",
};

let service: TestService;
let raw: Redis;

beforeAll(async () => {
  service = await startRedis({ faults: true });
  raw = new Redis(service.url, { db: ITEMS_DB });
  raw.on("error", () => undefined);
});
afterAll(async () => {
  raw.disconnect();
  await service.stop();
});

async function open<Block extends "state" | "configuration" | "lock">(
  block: Block,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<ComponentPorts[Block]> {
  const type = redisTypes.find((one) => one.type === `${block}.redis`) as ComponentType;
  const all = {
    redisHost: new URL(service.url).host,
    enableTLS: false,
    redisDB: block === "configuration" ? SETTINGS_DB : ITEMS_DB,
    redisType: "node",
    failover: "false",
    ...settings,
  };
  // A type of the block opens the port of the block.
  return (await type.open(all, CONTEXT)) as ComponentPorts[Block];
}

stateComponentSuite({
  name: "state.redis",
  open: async () => {
    await raw.flushdb();
    const opened: StateComponent[] = [];
    return {
      openHandle: async () => {
        const component = await open("state");
        opened.push(component);
        return { component, pass: (ms) => sleep(systemClock, ms) };
      },
      dispose: async () => {
        for (const component of opened) await component.close();
      },
    };
  },
});

configurationStoreSuite({
  name: "configuration.redis",
  open: async () => {
    const settings = new Redis(service.url, { db: SETTINGS_DB });
    await settings.flushdb();
    const opened: ConfigurationTrial["component"][] = [];
    return {
      openHandle: async () => {
        const component = await open("configuration");
        opened.push(component);
        return {
          component,
          put: async (key: string, value: string | undefined) => {
            if (value === undefined) await settings.del(key);
            else await settings.set(key, value);
          },
          breakWatches: async () => {
            await settings.call("CLIENT", "KILL", "TYPE", "pubsub");
          },
        };
      },
      dispose: async () => {
        for (const component of opened) await component.close();
        settings.disconnect();
      },
    };
  },
});

lockStoreSuite({
  name: "lock.redis",
  open: async () => {
    await raw.flushdb();
    const opened: LockStore[] = [];
    return {
      openHandle: async () => {
        const component = await open("lock");
        opened.push(component);
        return { component, pass: (ms) => sleep(systemClock, ms) };
      },
      dispose: async () => {
        for (const component of opened) await component.close();
      },
    };
  },
});

describe("lock.redis", () => {
  it("excludes whoever holds a lock by Dapr, and is excluded by it", async () => {
    await raw.flushdb();
    const locks = await open("lock");
    const request = { resource: "door", owner: "ours", ttlMs: 60_000 };
    await raw.set("lock||shop||door", "theirs", "PX", 60_000, "NX");
    expect(await locks.tryAcquire(request)).toEqual({ kind: "held" });
    await raw.del("lock||shop||door");
    expect(await locks.tryAcquire(request)).toEqual({ kind: "acquired", fence: 1 });
    expect(await raw.set("lock||shop||door", "theirs", "PX", 60_000, "NX")).toBeNull();
    expect(await raw.pttl("lock||shop||door")).toBeGreaterThan(50_000);
    await locks.release({ ...request, fence: 1 });
    expect(await raw.keys("*")).toEqual(["fence||lock||shop||door"]);
    await locks.close();
  });
});

describe("state.redis", () => {
  let state: StateComponent;

  beforeEach(async () => {
    await raw.flushdb();
    state = await open("state");
    return () => state.close();
  });

  it("stores an item as Dapr does, and reads what Dapr stored", async () => {
    await state.write([{ kind: "set", key: "shop||17", data: '{"total":5}', ttlMs: 60_000 }]);
    expect(await raw.hgetall("shop||17")).toEqual({ data: '{"total":5}', version: "1" });
    expect(await raw.ttl("shop||17")).toBeGreaterThan(50);
    await raw.hset("shop||18", { data: '"by Dapr"', version: 7, "first-write": 0 });
    expect(await state.read(["shop||18"], "strong")).toEqual([{ data: '"by Dapr"', etag: "7" }]);
    const condition = { kind: "etag", etag: "7" } as const;
    expect(await state.write([{ kind: "set", key: "shop||18", data: "1", condition }])).toEqual([
      { kind: "stored", etag: "8" },
    ]);
  });

  it("takes what is no item for absent only if there is nothing, and replaces it", async () => {
    await raw.set("text", "of somebody else");
    const change = { kind: "set", key: "text", data: "1" } as const;
    expect(await state.write([{ ...change, condition: { kind: "absent" } }])).toEqual([
      { kind: "conflict" },
    ]);
    expect(await state.write([{ ...change, condition: { kind: "etag", etag: "1" } }])).toEqual([
      { kind: "conflict" },
    ]);
    expect((await state.listKeys({ prefix: "", limit: 10 })).keys).toEqual([]);
    expect(await state.write([change])).toEqual([{ kind: "stored", etag: "1" }]);
  });

  it("gives items without a lifetime that of the component", async () => {
    const short = await open("state", { ttlInSeconds: 100 });
    await short.write([
      { kind: "set", key: "own", data: "1", ttlMs: 5_000 },
      { kind: "set", key: "default", data: "1" },
    ]);
    expect(await raw.ttl("own")).toBeLessThanOrEqual(5);
    expect(await raw.ttl("default")).toBeGreaterThan(90);
    await short.close();
  });

  it("fails in seconds while the server is silent or gone, and goes on by itself", async () => {
    await state.write([{ kind: "set", key: "kept", data: "1" }]);
    const startedAt = systemClock.monotonic();
    const unavailable = { code: "COMPONENT_UNAVAILABLE", retryable: true };
    await service.pause();
    await expect(state.read(["kept"], "strong")).rejects.toMatchObject(unavailable);
    await service.resume();
    expect(await eventually(() => state.read(["kept"], "strong"))).toMatchObject([{ data: "1" }]);
    await service.kill();
    await expect(state.read(["kept"], "strong")).rejects.toMatchObject(unavailable);
    const change = { kind: "set", key: "kept", data: "2" } as const;
    await expect(state.write([change])).rejects.toMatchObject(unavailable);
    await expect(open("state")).rejects.toMatchObject(unavailable);
    expect(systemClock.monotonic() - startedAt).toBeLessThan(20_000);
    await service.restart();
    expect(await eventually(() => state.read(["kept"], "strong"))).toMatchObject([{ data: "1" }]);
  });
});

describe("configuration.redis", () => {
  it("reads the version behind a value, and follows over a loss of the server (K4)", async () => {
    const store = await open("configuration");
    const settings = new Redis(service.url, { db: SETTINGS_DB });
    settings.on("error", () => undefined);
    await settings.flushdb();
    await settings.set("limit", "5||v1");
    await settings.set("odd", "a||b||c");
    const items = await store.get([]);
    expect(items.get("limit")).toEqual({ value: "5", version: "v1" });
    expect(items.get("odd")).toEqual({ value: "a", version: "b||c" });
    const broken = Promise.withResolvers<Error>();
    const watch = await store.watch(["limit"], {
      onChange: () => undefined,
      onBroken: (error) => broken.resolve(error),
    });
    await service.pause();
    const noticed = await withTimeout(systemClock, 10_000, broken.promise, () => undefined);
    expect(noticed).toBeInstanceOf(Error);
    await service.resume();
    await watch.close();
    settings.disconnect();
    await store.close();
  });
});

describe("the metadata of Redis", () => {
  it("says what is wrong with an address or a password, and shows no password", async () => {
    for (const settings of [
      { redisHost: "redis://h:1" },
      { redisHost: "h:99999" },
      { redisHost: "" },
      { redisDB: -1 },
      { redisDB: 4_000 },
      { redisUsername: randomId(systemRandom), redisPassword: "hush-hush" },
    ])
      await expect(open("state", settings)).rejects.toMatchObject({
        code: "BAD_CONFIG",
        message: expect.not.stringContaining("hush"),
      });
  });
});

/** What the call gives once it gives anything, within ten seconds. */
async function eventually<T>(call: () => Promise<T>): Promise<T> {
  const endsAt = systemClock.monotonic() + 10_000;
  for (;;) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one attempt after the other.
      return await call();
    } catch (error) {
      if (systemClock.monotonic() > endsAt) throw error;
      // oxlint-disable-next-line no-await-in-loop -- it waits for the server.
      await sleep(systemClock, 50);
    }
  }
}
