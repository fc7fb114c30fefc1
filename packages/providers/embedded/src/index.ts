export * from "./embedded-stores.ts";
export * from "./embedded-membership.ts";
