export * from "./open-redis-stores.ts";
