import { randomId, sleep, systemRandom } from "@troupe/core";
import { Redis } from "ioredis";
import type { BenchContext, Check } from "../bench.ts";
import { BenchChild } from "../programs/child-process.ts";
import type { SiloArgument } from "../programs/silo-program.ts";
import { openBenchStorage, redisCpu } from "./storage.ts";

const BUCKETS = 1_024;
const PER_COMMAND = 1_000;

/** Far enough that none of them wakes while the bench runs. */
const ASLEEP_MS = 30 * 86_400_000;

/** What a silo and its Redis cost that have nothing to do. */
interface Idle {
  readonly startMs: number;
  readonly siloCpuPercent: number;
  readonly redisCpuPercent: number;
}

/**
 * What a million reminders cost that are not due: they are put where the Redis store looks for
 * them.
 */
export async function sleepingCost(
  context: BenchContext,
): Promise<{ checks: Check[]; details: object }> {
  const { quick } = context;
  await using storage = await openBenchStorage(context);
  const redis = new Redis(storage.url);
  try {
    const cluster = `bench-${randomId(systemRandom)}`;
    const without = await idle(context, redis, {
      cluster,
      membership: "memory:bench",
      storage: storage.url,
    });
    const count = quick ? 10_000 : 1_000_000;
    await putToSleep(redis, cluster, { count, from: context.clock.now() + ASLEEP_MS });
    const asleep = await idle(context, redis, {
      cluster,
      membership: "memory:bench",
      storage: storage.url,
    });
    context.progress(
      `${count} asleep: start ${Math.round(asleep.startMs)} ms, ${asleep.siloCpuPercent.toFixed(2)} % CPU`,
    );
    const siloMore = asleep.siloCpuPercent - without.siloCpuPercent;
    const redisMore = asleep.redisCpuPercent - without.redisCpuPercent;
    return {
      checks: [
        {
          what: "ms to start a silo with 1 M asleep",
          value: asleep.startMs,
          sense: "at-most",
          limit: 2_000,
        },
        {
          what: "% of CPU that 1 M asleep cost, silo and Redis",
          value: siloMore + redisMore,
          sense: "at-most",
          limit: 1,
        },
      ],
      details: { count, without, asleep },
    };
  } finally {
    redis.disconnect();
  }
}

async function idle(
  { clock, quick, profile }: BenchContext,
  redis: Redis,
  argument: SiloArgument,
): Promise<Idle> {
  const started = clock.monotonic();
  const silo = new BenchChild({ program: "silo-program.js", argument: { ...argument }, profile });
  try {
    await silo.next();
    const startMs = clock.monotonic() - started;
    // What it does once is done.
    await sleep(clock, quick ? 100 : 5_000);
    const [from, siloBefore, redisBefore] = [
      clock.monotonic(),
      await silo.cpu(),
      await redisCpu(redis),
    ];
    await sleep(clock, quick ? 200 : 20_000);
    const [siloAfter, redisAfter] = [await silo.cpu(), await redisCpu(redis)];
    const percent = (micros: number): number => micros / 10 / (clock.monotonic() - from);
    return {
      startMs,
      siloCpuPercent: percent(siloAfter - siloBefore),
      redisCpuPercent: percent(redisAfter - redisBefore),
    };
  } finally {
    await silo.stop();
  }
}

/**
 * Writes due times evenly over the buckets, in the form of the Redis store. Nothing reads them
 * before they are due.
 */
async function putToSleep(
  redis: Redis,
  cluster: string,
  { count, from }: { readonly count: number; readonly from: number },
): Promise<void> {
  for (let start = 0; start < count; start += PER_COMMAND * BUCKETS) {
    const pipeline = redis.pipeline();
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const entries: (string | number)[] = [];
      for (
        let index = start + bucket;
        index < count && entries.length < 2 * PER_COMMAND;
        index += BUCKETS
      ) {
        entries.push(
          from + index,
          JSON.stringify(["BenchSleeper", `asleep-${index}`, "wake", from + index]),
        );
      }
      if (entries.length > 0) pipeline.zadd(`troupe:${cluster}:r:{${bucket}}`, ...entries);
    }
    await pipeline.exec();
  }
}
