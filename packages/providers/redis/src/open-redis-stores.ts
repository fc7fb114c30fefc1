import {
  type Clock,
  type Logger,
  type ReminderStore,
  type StateStore,
  TroupeError,
} from "@troupe/core";
import { durabilityGaps } from "./durability-gaps.ts";
import { parseRedisUrl, type RedisAddress } from "./redis-address.ts";
import { RedisConnection } from "./redis-connection.ts";
import { RedisReminderStore } from "./redis-reminder-store.ts";
import { RedisStateStore } from "./redis-state-store.ts";
import { StoreKeys } from "./store-keys.ts";

export interface RedisStoresOptions {
  /**
   * `redis://[user:password@]host[:port][/database]`, or
   * `redis+cluster://[user:password@]host:port,host:port` for a Redis Cluster; `rediss` for TLS.
   */
  readonly url: string;
  /** Clusters of different names share nothing. */
  readonly cluster: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface RedisStores {
  readonly stateStore: StateStore;
  readonly reminderStore: ReminderStore;
  /** Closes both. Closing twice is harmless. */
  close(): Promise<void>;
}

/**
 * Opens the stores of a cluster in a Redis, each with a connection of its own, so that looking for
 * due reminders never holds up a turn. Rejects within seconds: with `STORE_UNAVAILABLE` if the
 * Redis does not answer, with `BAD_CONFIG` if the URL is wrong or the Redis refuses us. Warns once
 * if the Redis would lose acknowledged writes in a crash.
 *
 * Redis replicates without waiting, so a failover to a replica can lose the last acknowledged
 * writes.
 */
export async function openRedisStores({
  url,
  ...options
}: RedisStoresOptions): Promise<RedisStores> {
  const parsed = parseRedisUrl(url);
  if (parsed.kind === "location") return openStoresAt(parsed.location, options);
  throw new TroupeError("BAD_CONFIG", `the URL of a Redis is wrong: ${parsed.right}`);
}

/** The same at an address that was read from a URL before. */
export async function openStoresAt(
  address: RedisAddress,
  { cluster, clock, logger }: Omit<RedisStoresOptions, "url">,
): Promise<RedisStores> {
  const state = await RedisConnection.open(address, { clock, logger });
  try {
    await warnOfGaps(state, logger);
    const reminders = await RedisConnection.open(address, { clock, logger });
    const keys = new StoreKeys(cluster);
    return {
      stateStore: await RedisStateStore.on(state, keys),
      reminderStore: await RedisReminderStore.on(reminders, keys),
      async close() {
        await Promise.all([state.close(), reminders.close()]);
      },
    };
  } catch (error) {
    await state.close();
    throw error;
  }
}

async function warnOfGaps(connection: RedisConnection, logger: Logger): Promise<void> {
  const gaps = await durabilityGaps(connection);
  if (gaps.length === 0) return;
  logger.warn(
    { redis: connection.label },
    `this Redis may lose what it acknowledged: ${gaps.join("; ")}`,
  );
}
