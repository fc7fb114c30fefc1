import { pubSubSuite } from "@troupe/conformance";
import { type ComponentContext, type PubSub, silentLogger, sleep, systemClock } from "@troupe/core";
import { startRedis, type TestService } from "@troupe/services";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { redisTypes } from "./redis-types.ts";

const DATABASE = 6;

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
  raw = new Redis(service.url, { db: DATABASE });
  raw.on("error", () => undefined);
});
afterAll(async () => {
  raw.disconnect();
  await service.stop();
});

async function open(settings: Readonly<Record<string, unknown>> = {}): Promise<PubSub> {
  const type = redisTypes.find((one) => one.type === "pubsub.redis");
  const all = {
    redisHost: new URL(service.url).host,
    enableTLS: false,
    redisDB: DATABASE,
    redisType: "node",
    failover: "false",
    ...settings,
  };
  // A type of the block opens the port of the block.
  return (await type?.open(all, CONTEXT)) as PubSub;
}

async function eventually(isSo: () => boolean, withinMs = 20_000): Promise<void> {
  for (let ms = 0; !isSo(); ms += 50) {
    if (ms > withinMs) throw new Error("it did not come to pass");
    // oxlint-disable-next-line no-await-in-loop -- each look follows a pause.
    await sleep(systemClock, 50);
  }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

pubSubSuite({
  name: "pubsub.redis",
  open: async () => {
    await raw.flushdb();
    const opened: PubSub[] = [];
    return {
      openHandle: async () => {
        const component = await open();
        opened.push(component);
        return { component, pass: (ms) => sleep(systemClock, ms), takeOverMs: 1_000 };
      },
      dispose: async () => {
        for (const component of opened) await component.close();
      },
    };
  },
});

describe("pubsub.redis", () => {
  it("reads what Dapr has written, and writes what Dapr reads", async () => {
    await raw.flushdb();
    await raw.xadd("orders", "*", "data", '{"id":"1"}');
    const broker = await open();
    const got: string[] = [];
    await broker.subscribe({
      topic: "orders",
      group: "g",
      from: "earliest",
      maxInFlight: 1,
      handle: async ({ data, key }) => void got.push(`${key} ${new TextDecoder().decode(data)}`),
    });
    await eventually(() => got.length > 0);
    expect(got).toEqual(['undefined {"id":"1"}']);
    await broker.publish("orders", { key: "k", data: bytes("2"), headers: { a: "b" } });
    const [, second] = await raw.xrange("orders", "-", "+");
    expect(second?.[1]).toEqual(["data", "2", "partitionKey", "k", "metadata", '{"a":"b"}']);
    await broker.close();
  });

  it("loses nothing and keeps the order while the server is silent, killed and back", async () => {
    await raw.flushdb();
    const broker = await open();
    const got: number[] = [];
    await broker.subscribe({
      topic: "numbers",
      group: "g",
      from: "earliest",
      maxInFlight: 5,
      handle: async ({ data }) => void got.push(Number(new TextDecoder().decode(data))),
    });
    const acknowledged: number[] = [];
    const loop = { isOver: false };
    const publishing = (async () => {
      for (let number = 0; !loop.isOver; number++) {
        for (;;) {
          try {
            await broker.publish("numbers", { key: "k", data: bytes(`${number}`), headers: {} });
            break;
          } catch (error) {
            expect(error).toMatchObject({ code: "COMPONENT_UNAVAILABLE" });
            await sleep(systemClock, 100);
          }
        }
        acknowledged.push(number);
      }
    })();
    await eventually(() => got.length > 20);
    await service.pause();
    await sleep(systemClock, 1_000);
    await service.resume();
    const before = acknowledged.length;
    await eventually(() => acknowledged.length > before + 20);
    await service.kill();
    await service.restart();
    const after = acknowledged.length;
    await eventually(() => acknowledged.length > after + 20);
    loop.isOver = true;
    await publishing;
    await eventually(() => got.at(-1) === acknowledged.at(-1));
    const firsts = [...new Set(got)];
    expect(firsts).toEqual(acknowledged);
    await broker.close();
  });

  it("takes over what a consumer held whose process is gone", async () => {
    await raw.flushdb();
    const dead = await open();
    const started: string[] = [];
    const never = Promise.withResolvers<void>();
    const subscription = { topic: "jobs", group: "g", from: "earliest", maxInFlight: 5 } as const;
    await dead.subscribe({
      ...subscription,
      handle: async ({ data }) => {
        started.push(new TextDecoder().decode(data));
        await never.promise;
      },
    });
    for (const job of ["1", "2"])
      await dead.publish("jobs", { key: "k", data: bytes(job), headers: {} });
    await eventually(() => started.length === 1);
    // The lease ends as if its process had died: another has it now.
    const [lease] = await raw.keys("lock||shop||topic*");
    await raw.set(lease ?? "", "another", "PX", 100);
    const next = await open();
    const got: string[] = [];
    await next.subscribe({
      ...subscription,
      handle: async ({ data }) => void got.push(new TextDecoder().decode(data)),
    });
    await eventually(() => got.length === 2);
    expect(got).toEqual(["1", "2"]);
    never.resolve();
    await Promise.all([dead.close(), next.close()]);
  });
});
