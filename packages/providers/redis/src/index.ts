export * from "./open-redis-stores.ts";
export * from "./redis-provider.ts";
