import type { ComponentType } from "@troupe/core";
import { type ActorCaller, builtinLockType } from "./actor-locks.ts";
import { cronBindingType } from "./cron-binding.ts";
import { environmentSecretsType } from "./environment-secrets.ts";
import { fileBindingType } from "./file-binding.ts";
import { fileConfigurationType } from "./file-configuration.ts";
import { fileSecretsType } from "./file-secrets.ts";
import { httpBindingType } from "./http-binding.ts";
import { inMemoryBindingType } from "./in-memory-binding.ts";
import { inMemoryConfigurationType } from "./in-memory-configuration.ts";
import { inMemoryLockType } from "./in-memory-locks.ts";
import { inMemoryPubSubType } from "./in-memory-pub-sub.ts";
import { inMemoryStateType } from "./in-memory-state.ts";
import { mountedSecretsType } from "./mounted-secrets.ts";

/** The types of components that come with Troupe. Some work with actors that `actors` calls. */
export function builtInTypes(actors?: ActorCaller): readonly ComponentType[] {
  return [...INDEPENDENT_TYPES, builtinLockType(actors)];
}

const INDEPENDENT_TYPES: readonly ComponentType[] = [
  cronBindingType,
  fileBindingType,
  httpBindingType,
  fileConfigurationType,
  inMemoryBindingType(),
  inMemoryConfigurationType(),
  inMemoryLockType,
  environmentSecretsType,
  fileSecretsType,
  mountedSecretsType,
  inMemoryPubSubType,
  inMemoryStateType,
];
