export type { ComponentBlocks } from "./actor-components.ts";
export * from "./blocks/binding-block.ts";
export type { CallLimits } from "./blocks/component-calls.ts";
export type { ConfigurationBlock, ConfigurationValue } from "./blocks/configuration-block.ts";
export type { ConfigurationItems } from "./blocks/configuration-feed.ts";
export type { Lock, LockBlock, LockOptions } from "./blocks/lock-block.ts";
export type { SecretScope, SecretsBlock } from "./blocks/secrets-block.ts";
export type * from "./blocks/state-block.ts";
export * from "./components-extension.ts";
export type { ComponentInfo, Components } from "./components.ts";
export type { ActorCaller } from "./kinds/actor-locks.ts";
export { builtInTypes } from "./kinds/built-in-types.ts";
export { InMemorySettings, inMemoryConfigurationType } from "./kinds/in-memory-configuration.ts";
export { InMemoryEvents, inMemoryBindingType } from "./kinds/in-memory-binding.ts";
export { InMemoryBroker, InMemoryPubSub } from "./kinds/in-memory-pub-sub.ts";
export { LOCK_ACTOR, lockActor } from "./kinds/lock-actor.ts";
export * from "./opening/open-components.ts";
export { installedTypes } from "./opening/type-packages.ts";
export type { ComponentDeclaration, MetadataReference } from "./reading/read-declarations.ts";
export {
  defineTriggers,
  trigger,
  type TriggerOptions,
  type TriggerRetry,
} from "./triggers/trigger.ts";
export type { DataForm, TriggerEvent } from "./triggers/trigger-event.ts";
export * from "./printing/component-pages.ts";
export { printType } from "./printing/print-type.ts";
