import { join } from "node:path";
import { Redis } from "ioredis";
import { open } from "lmdb";
import type { BenchContext, StorageKind } from "../bench.ts";
import type { CpuReading } from "../measuring/cpu-cost.ts";
import { openPostgres } from "./postgres-storage.ts";

/** Where a durable bench stores, and the same store without Troupe. */
export interface BenchStorage extends AsyncDisposable {
  readonly kind: StorageKind;
  /** For `startSilo`. */
  readonly url: string;
  /** Writes one field of a record, as durably as a turn is stored. */
  write(key: string, value: string): Promise<unknown>;
  /**
   * Reads a record; in a folder, where reading costs next to nothing, it writes a mark instead, as
   * an activation has to.
   */
  load(key: string): Promise<unknown>;
  /** What the store's own process used; nothing in a folder, which has none. */
  readonly cpu: CpuReading;
}

/** Opens a store that this run alone uses. */
export function openBenchStorage({ storage, folder }: BenchContext): Promise<BenchStorage> {
  switch (storage) {
    case "redis":
      return openRedis();
    case "postgres":
      return openPostgres();
    case "file":
      return openFolder(folder);
  }
}

async function openRedis(): Promise<BenchStorage> {
  // The test kit is only needed here, and it takes long to load.
  const { startRedis } = await import("@troupe/services");
  const service = await startRedis();
  const redis = new Redis(service.url, { enableAutoPipelining: true });
  return {
    kind: "redis",
    url: service.url,
    write: (key, value) => redis.hset(`bench:${key}`, "value", value),
    load: (key) => redis.hgetall(`bench:${key}`),
    cpu: () => redisCpu(redis),
    async [Symbol.asyncDispose]() {
      redis.disconnect();
      await service.stop();
    },
  };
}

/** Microseconds of CPU that the Redis has used. */
export async function redisCpu(redis: Redis): Promise<number> {
  const used = [...(await redis.info("cpu")).matchAll(/used_cpu_(?:sys|user):([\d.]+)/g)];
  return used.reduce((sum, [, seconds]) => sum + Number(seconds) * 1_000_000, 0);
}

async function openFolder(folder: string): Promise<BenchStorage> {
  // As the embedded stores open theirs: without it the death of one writer can make the others
  // useless.
  const database = open({ path: join(folder, "baseline"), overlappingSync: false });
  return {
    kind: "file",
    url: `file:${join(folder, "store")}`,
    write: (key, value) => database.put(key, value),
    load: (key) => database.put(key, database.get(key) ?? "claimed"),
    cpu: () => Promise.resolve(0),
    async [Symbol.asyncDispose]() {
      await database.close();
    },
  };
}
