import { startRedis } from "@troupe/services";
import type { Contestant, ContestantContext, Delays } from "./contestant.ts";
import { importFromPeer } from "./peer-package.ts";

/** Jobs that run at once; a job here ends at once, so more would change nothing. */
const CONCURRENCY = 64;

const QUEUE = "bench";

interface Connection {
  readonly host: string;
  readonly port: number;
}

interface JobOptions {
  readonly jobId: string;
  readonly delay: number;
  readonly removeOnComplete: boolean;
}

/** The part of BullMQ that is used here. */
interface BullMq {
  readonly Queue: new (name: string, options: { readonly connection: Connection }) => Queue;
  readonly Worker: new (
    name: string,
    run: (job: { readonly data: unknown }) => Promise<void>,
    options: {
      readonly connection: Connection & { readonly maxRetriesPerRequest: null };
      readonly concurrency: number;
    },
  ) => Worker;
}

interface Queue {
  add(name: string, data: unknown, options: JobOptions): Promise<unknown>;
  close(): Promise<void>;
}

interface Worker {
  waitUntilReady(): Promise<unknown>;
  close(force: boolean): Promise<void>;
}

async function startQueue({ peerFolder, clock }: ContestantContext): Promise<Delays> {
  const { default: bull } = (await importFromPeer(peerFolder, "bullmq")) as {
    readonly default: BullMq;
  };
  const redis = await startRedis();
  const { hostname: host, port } = new URL(redis.url);
  const connection = { host, port: Number(port) };
  let late: number[] = [];
  const run = async ({ data }: { readonly data: unknown }): Promise<void> => {
    late.push(clock.now() - Number(data));
  };
  const queue = new bull.Queue(QUEUE, { connection });
  const worker = new bull.Worker(QUEUE, run, {
    connection: { ...connection, maxRetriesPerRequest: null },
    concurrency: CONCURRENCY,
  });
  await worker.waitUntilReady();
  return {
    kind: "delays",
    set: (id, dueAt) =>
      queue.add("wake", dueAt, {
        jobId: id,
        delay: Math.max(0, dueAt - clock.now()),
        removeOnComplete: true,
      }),
    takeLate() {
      const taken = late;
      late = [];
      return Promise.resolve(taken);
    },
    async close() {
      await worker.close(true);
      await queue.close();
      await redis.stop();
    },
  };
}

export const bullmq: Contestant = {
  name: "bullmq",
  peer: "bullmq",
  runs: [
    "redis-server --appendonly yes --appendfsync always",
    `queue and worker (concurrency ${CONCURRENCY}) in the load generator's process`,
  ],
  note: "a queue and no actors: nothing is activated, jobs are not kept in order by actor, and no state is stored with a job's effect",
  entries: { delayed: { durable: "Redis, append-only file, fsync always", start: startQueue } },
};
