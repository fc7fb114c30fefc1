export * from "./embedded-stores.ts";
export * from "./embedded-membership.ts";
export * from "./embedded-provider.ts";
