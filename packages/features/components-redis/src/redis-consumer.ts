import {
  type BrokerConsumer,
  type BrokerMessage,
  type BrokerSubscription,
  type Clock,
  type HeldLock,
  type Logger,
  messageOf,
  OrderedDelivery,
  sleep,
} from "@troupe/core";
import type { Redis } from "ioredis";
import type { RedisConnection } from "./redis-connection.ts";
import type { RedisLocks } from "./redis-locks.ts";
import { type StreamEntry, streamEntries } from "./stream-entries.ts";

/** What a consumer works with. */
export interface RedisConsumerParts {
  readonly connection: RedisConnection;
  readonly locks: RedisLocks;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Tells this consumer from all others. */
  readonly name: string;
}

/** The name under which every process reads: what one held is the next one's. */
const CONSUMER = "troupe";

/** How long a group is a consumer's that says nothing any more. */
const LEASE_MS = 5_000;
const RENEW_MS = 1_500;

/** Between looks whether the group is free. */
const LOOK_MS = 500;

/** How long a read waits for messages. It is less than a command may take. */
const BLOCK_MS = 500;

const FAILED_MS = 250;

/** Messages that are read at once. */
const COUNT_MAX = 100;

/**
 * Reads a stream for a group, while it has the group's lease.
 *
 * RCNS-1. Whoever has the lease reads first what was given to the group and is not done, in order;
 *         then what is new. It reads again what is not done after each failure, since an answer may
 *         have been lost.
 * RCNS-2. A message is acknowledged after it was handled (P3). What is being handled here is not
 *         handled a second time meanwhile.
 */
export class RedisConsumer implements BrokerConsumer {
  readonly #parts: RedisConsumerParts;
  readonly #subscription: BrokerSubscription;
  readonly #delivery: OrderedDelivery<StreamEntry>;
  readonly #inFlight = new Set<string>();
  #reader: Redis | undefined;
  #lease: { readonly lock: HeldLock; renewedAt: number } | undefined;
  /** The last entry that was read of those that are not done; undefined: only new ones are left. */
  #pendingFrom: string | undefined;
  #isClosed = false;
  #running: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(subscription: BrokerSubscription, parts: RedisConsumerParts) {
    this.#subscription = subscription;
    this.#parts = parts;
    const { topic, group } = subscription;
    this.#delivery = new OrderedDelivery({
      clock: parts.clock,
      maxInFlight: subscription.maxInFlight,
      handle: ({ key, data, headers }, attempt) =>
        subscription.handle({ key, data, headers } satisfies BrokerMessage, attempt),
      done: async ({ id }) => {
        try {
          await parts.connection.run((redis) => redis.xack(topic, group, id));
        } finally {
          this.#inFlight.delete(id);
        }
      },
    });
  }

  /** Makes the group if it is not there, and begins to read. */
  async start(): Promise<void> {
    await this.#createGroup(this.#subscription.from === "earliest" ? "0" : "$");
    this.#running = this.#run();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#isClosed = true;
    await this.#delivery.close();
    await this.#running;
    this.#reader?.disconnect();
    const lock = this.#lease?.lock;
    // A lease that is not given back ends by itself.
    if (lock !== undefined) await this.#parts.locks.release(lock).catch(() => undefined);
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- each step follows the one before.
        await this.#step();
      } catch (error) {
        this.#parts.logger.debug({ reason: messageOf(error) }, "a stream could not be read");
        this.#reader?.disconnect();
        this.#reader = undefined;
        this.#pendingFrom = "0";
        // oxlint-disable-next-line no-await-in-loop -- a pause before the next try.
        await sleep(this.#parts.clock, FAILED_MS);
        // oxlint-disable-next-line no-await-in-loop -- as above.
        if (/NOGROUP/.test(messageOf(error))) await this.#createGroup("0").catch(() => undefined);
      }
    }
  }

  async #step(): Promise<void> {
    const { clock } = this.#parts;
    if (!(await this.#hasLease())) return sleep(clock, LOOK_MS);
    const { room } = this.#delivery;
    if (room <= 0) return this.#delivery.waitForRoom(BLOCK_MS);
    const count = Math.min(room, COUNT_MAX);
    const from = this.#pendingFrom;
    const entries = await this.#read(from ?? ">", count);
    if (this.#isClosed) return;
    if (from !== undefined) this.#pendingFrom = entries.at(-1)?.id;
    for (const entry of entries) {
      if (this.#inFlight.has(entry.id)) continue;
      this.#inFlight.add(entry.id);
      this.#delivery.add(entry);
    }
  }

  async #hasLease(): Promise<boolean> {
    const { clock, locks, name } = this.#parts;
    const now = clock.monotonic();
    const lease = this.#lease;
    if (lease !== undefined && now - lease.renewedAt < RENEW_MS) return true;
    if (lease !== undefined) {
      const renewed = await locks.renew(lease.lock, LEASE_MS);
      if (renewed.kind === "done") lease.renewedAt = now;
      else this.#lease = undefined;
      return renewed.kind === "done";
    }
    const { topic, group } = this.#subscription;
    const resource = `topic||${topic}||${group}`;
    const result = await locks.tryAcquire({ resource, owner: name, ttlMs: LEASE_MS });
    if (result.kind === "held") return false;
    this.#lease = { lock: { resource, owner: name, fence: result.fence }, renewedAt: now };
    this.#pendingFrom = "0";
    return true;
  }

  async #read(from: string, count: number): Promise<readonly StreamEntry[]> {
    const { topic, group } = this.#subscription;
    const reader = this.#reader ?? this.#parts.connection.another();
    if (this.#reader === undefined) {
      this.#reader = reader;
      reader.on("error", () => undefined);
      await reader.connect();
    }
    const reply: unknown =
      from === ">"
        ? await reader.xreadgroupBuffer(
            ...(["GROUP", group, CONSUMER, "COUNT", count] as const),
            ...(["BLOCK", BLOCK_MS, "STREAMS", topic, from] as const),
          )
        : await reader.xreadgroupBuffer(
            ...(["GROUP", group, CONSUMER, "COUNT", count] as const),
            ...(["STREAMS", topic, from] as const),
          );
    return streamEntries(reply);
  }

  async #createGroup(from: string): Promise<void> {
    const { topic, group } = this.#subscription;
    await this.#parts.connection.run(async (redis) => {
      try {
        await redis.xgroup("CREATE", topic, group, from, "MKSTREAM");
      } catch (error) {
        if (!/BUSYGROUP/.test(messageOf(error))) throw error;
      }
    });
  }
}
