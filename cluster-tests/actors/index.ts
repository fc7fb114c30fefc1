export * from "./clockwork.ts";
export * from "./courier.ts";
export * from "./echo.ts";
export * from "./ledger.ts";
export * from "./relay.ts";
