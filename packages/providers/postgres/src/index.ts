export * from "./open-postgres-stores.ts";
export * from "./postgres-provider.ts";
