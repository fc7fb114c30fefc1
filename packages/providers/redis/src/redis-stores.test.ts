import { silentLogger, systemClock } from "@troupe/core";
import {
  reminderStoreSuite,
  stateStoreSuite,
  storesSuite,
  type StoreSubject,
} from "@troupe/conformance";
import { startRedis, type TestService } from "@troupe/services";
import { Redis } from "ioredis";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll } from "vitest";
import { openRedisStores, type RedisStores } from "./open-redis-stores.ts";

let redis: TestService;

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

/** A cluster of its own, since all tests share one Redis. */
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
      await removeKeys(cluster);
    },
  };
}

async function removeKeys(cluster: string): Promise<void> {
  const client = new Redis(redis.url);
  for await (const keys of client.scanStream({ match: `troupe:${cluster}:*`, count: 1_000 })) {
    if ((keys as string[]).length > 0) await client.unlink(keys as string[]);
  }
  client.disconnect();
}

stateStoreSuite({ name: "redis", open: () => openSubject((stores) => stores.stateStore) });
reminderStoreSuite({ name: "redis", open: () => openSubject((stores) => stores.reminderStore) });
storesSuite({
  name: "redis",
  open: () =>
    openSubject(({ stateStore, reminderStore }) => ({
      state: stateStore,
      reminders: reminderStore,
    })),
});
