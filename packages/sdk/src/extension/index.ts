export * from "./admin-method.ts";
export * from "./durable-part.ts";
export * from "./extension.ts";
export * from "./part-key.ts";
export * from "./silo-service.ts";
