export * from "./clockwork.ts";
export * from "./echo.ts";
export * from "./ledger.ts";
export * from "./relay.ts";
