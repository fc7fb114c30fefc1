import type { FieldChange } from "@troupe/core";
import { COMPONENTS, type DurablePart, partKey, type PartState } from "@troupe/sdk";
import type { BindingBlock } from "./blocks/binding-block.ts";
import type { ConfigurationBlock } from "./blocks/configuration-block.ts";
import type { LockBlock } from "./blocks/lock-block.ts";
import type { SecretsBlock } from "./blocks/secrets-block.ts";
import type { StateBlock } from "./blocks/state-block.ts";
import type { Components } from "./components.ts";

/** What an actor, or a program, has of components: the blocks by their names. */
export interface ComponentBlocks {
  /** The items of a state component. */
  state<T = unknown>(name: string): StateBlock<T>;
  /** The secrets of a secret store. */
  secrets(name: string): SecretsBlock;
  /** The settings of a configuration store. */
  configuration(name: string): ConfigurationBlock;
  /** The way out through a binding. */
  binding(name: string): BindingBlock;
  /** The locks of a lock store. */
  lock(name: string): LockBlock;
}

declare module "@troupe/sdk" {
  interface ActorComponents extends ComponentBlocks {}
}

/** One for all actors of a silo, because an actor stores nothing of its components. */
class ActorBlocks implements ComponentBlocks, PartState {
  readonly #components: Components;

  constructor(components: Components) {
    this.#components = components;
  }

  state<T = unknown>(name: string): StateBlock<T> {
    return this.#components.state(name);
  }

  secrets(name: string): SecretsBlock {
    return this.#components.secrets(name);
  }

  configuration(name: string): ConfigurationBlock {
    return this.#components.configuration(name);
  }

  binding(name: string): BindingBlock {
    return this.#components.binding(name);
  }

  lock(name: string): LockBlock {
    return this.#components.lock(name);
  }

  load(): void {}

  collect(): readonly FieldChange[] {
    return [];
  }

  adopt(): void {}

  rollback(): void {}
}

/** What actors reach as `this.components`. */
export function actorComponentsPart(components: Components): DurablePart {
  const blocks = new ActorBlocks(components);
  return { key: partKey(COMPONENTS.name), prefixes: [], create: () => blocks };
}
