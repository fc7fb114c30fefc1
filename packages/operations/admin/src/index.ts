export * from "./admin-client.ts";
export * from "./every-silo.ts";
