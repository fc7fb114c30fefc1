import type { Provider } from "@troupe/core";
import { parseRedisUrl, type RedisAddress } from "./redis-address.ts";

/** `redis://host:6379`: the state and the reminders of a cluster of machines. */
export const redisProvider: Provider<RedisAddress> = {
  name: "Redis",
  schemes: ["redis", "rediss", "redis+cluster", "rediss+cluster"],
  example: "redis://host:6379",
  reach: "network",
  parse: parseRedisUrl,
  openStores: async (address, context) => {
    const { openStoresAt } = await import("./open-redis-stores.ts");
    const { stateStore: state, reminderStore: reminders } = await openStoresAt(address, context);
    return { state, reminders };
  },
};
