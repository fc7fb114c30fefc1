export * from "./redis-types.ts";
