export * from "./memory-membership.ts";
export * from "./memory-network.ts";
export * from "./memory-provider.ts";
export * from "./memory-registry.ts";
export * from "./memory-reminder-store.ts";
export * from "./memory-state-store.ts";
export * from "./memory-transport.ts";
