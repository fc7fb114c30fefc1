export * from "./fallible-stores.ts";
export * from "./offset-clock.ts";
export * from "./seeded-random.ts";
export * from "./test-cluster.ts";
export * from "./test-time.ts";
export * from "./virtual-clock.ts";
