export type {
  ActorIds,
  ActorSearch,
  ActorSearchOf,
  DeadLetter,
  DeadLetterAccess,
  DeadLetters,
  IdList,
  IdPage,
  IdQuery,
  ReadResult,
  UntypedActorSearch,
} from "@troupe/client";
export type {
  ComponentBlocks,
  ComponentDeclaration,
  ComponentInfo,
  Components,
  SecretScope,
} from "@troupe/components";
export { awaitCluster } from "./await-cluster.ts";
export * from "./config/config-layers.ts";
export * from "./config/host-port.ts";
export * from "./config/load-settings.ts";
export * from "./config/option-catalog.ts";
export * from "./config/redact.ts";
export * from "./config/settings.ts";
export * from "./connect.ts";
export type { ComponentsOption, ComponentsSettings } from "./hosted-components.ts";
export { wantsColours } from "./logging.ts";
export * from "./public-options.ts";
export { onShutdownSignals, type ShutdownSteps } from "./shutdown-signals.ts";
export * from "./settings-from-environment.ts";
export * from "./start-silo.ts";
export * from "./provider-registry.ts";
