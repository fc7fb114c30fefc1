export * from "./actor-messages.ts";
export * from "./field-bytes.ts";
export * from "./message.ts";
export * from "./silo-admin.ts";
export * from "./silo-messages.ts";
