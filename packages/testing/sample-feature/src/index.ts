export * from "./tally-feature.ts";
export * from "./tally-part.ts";
export * from "./tally-provider.ts";
export * from "./tally-service.ts";
