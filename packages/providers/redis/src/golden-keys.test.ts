import { goldenBytes, goldenDueEntries, goldenFile } from "@troupe/conformance";
import { silentLogger, systemClock } from "@troupe/core";
import { startRedis } from "@troupe/services";
import { Redis } from "ioredis";
import { expect, it, onTestFinished } from "vitest";
import { dueMember, parseDueMember } from "./due-member.ts";
import { openRedisStores } from "./open-redis-stores.ts";
import { StoreKeys } from "./store-keys.ts";

/** The golden keys are those of a cluster with this name. */
const CLUSTER = "ba:nk";

it.each(goldenDueEntries())("reads the member of $entry.name as it was written", (golden) => {
  const { entry, redisKey, redisMember } = golden;
  expect(parseDueMember(entry.bucket, redisMember)).toEqual(entry);
  expect(dueMember(entry)).toBe(redisMember);
  expect(new StoreKeys(CLUSTER).bucket(entry.bucket)).toBe(redisKey);
});

it.each(goldenFile("actor-keys"))("finds $address.id under the key it has", (golden) => {
  expect(new StoreKeys(CLUSTER).actor(golden.address)).toBe(golden.redisKey);
});

it("reads actors and due times from a Redis that the first version wrote to", async () => {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const client = new Redis(redis.url);
  onTestFinished(() => client.disconnect());
  const { epoch, version, fields } = goldenFile("stored-actor");
  const key = "troupe:ba%3ank:a:{Elder/one}";
  const due = goldenDueEntries();
  await client.del(key, ...due.map(({ redisKey }) => redisKey));
  await client.hset(key, "@", `1 ${epoch} ${version} 5 old abcdefgh.3`);
  for (const [name, hex] of Object.entries(fields))
    await client.hset(key, `:${name}`, Buffer.from(hex, "hex"));
  for (const { redisKey, redisMember, entry } of due)
    await client.zadd(redisKey, entry.dueAt, redisMember);

  const stores = await openRedisStores({
    url: redis.url,
    cluster: CLUSTER,
    clock: systemClock,
    logger: silentLogger,
  });
  onTestFinished(() => stores.close());
  const claimed = await stores.stateStore.claim(
    { type: "Elder", id: "one" },
    { revision: 7, siloId: "new" },
  );
  expect(claimed).toMatchObject({ kind: "claimed", epoch: epoch + 1, version });
  const read = claimed.kind === "claimed" ? [...claimed.fields] : [];
  expect(new Map(read.map(([name, bytes]) => [name, Uint8Array.from(bytes)]))).toEqual(
    new Map(Object.entries(fields).map(([name, hex]) => [name, goldenBytes(hex)])),
  );
  const found = await stores.reminderStore.due([0, 17, 1_023, 1_024], Number.MAX_SAFE_INTEGER, 10);
  const entries = due.map(({ entry }) => entry);
  expect(found).toEqual(entries.toSorted((one, other) => one.dueAt - other.dueAt));
});
