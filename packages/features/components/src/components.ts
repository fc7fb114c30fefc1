import {
  type Binding,
  type BindingSource,
  type BlockName,
  type Clock,
  type ComponentPorts,
  type Logger,
  type PubSub,
  type Random,
  TroupeError,
} from "@troupe/core";
import { BindingBlock } from "./blocks/binding-block.ts";
import { ComponentCalls } from "./blocks/component-calls.ts";
import { ConfigurationBlock } from "./blocks/configuration-block.ts";
import { KeyPrefix } from "./blocks/key-prefix.ts";
import { LockBlock } from "./blocks/lock-block.ts";
import { type SecretScope, SecretsBlock } from "./blocks/secrets-block.ts";
import { StateBlock } from "./blocks/state-block.ts";
import { closeInReverse } from "./opening/close-in-reverse.ts";
import type { OpenedComponent } from "./opening/open-component.ts";
import { nameHint } from "./reading/component-problems.ts";

/** What the blocks work with. */
export interface ComponentsOptions {
  readonly appId: string;
  /** Of the process in Kubernetes, for keys that begin with it. */
  readonly namespace: string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: Random;
  readonly callTimeoutMs: number;
  readonly secretScopes: Readonly<Record<string, SecretScope>>;
}

/** What operators see of a component. */
export interface ComponentInfo {
  readonly name: string;
  readonly type: string;
  readonly version: string;
  /** Where it was declared. */
  readonly place: string;
  readonly block: BlockName;
  /**
   * `failed`: it could not be opened. `failing`: its last call found the other side away, or got no
   * answer in time.
   */
  readonly health: "open" | "failing" | "failed";
  /** Why it is not well. */
  readonly reason?: string;
  /** What it can do, as far as its block has such differences. */
  readonly capabilities: readonly string[];
}

/**
 * The components of an application, by their names.
 *
 * A name that no component of the block has is `NO_SUCH_COMPONENT`, and one that could not be
 * opened is `COMPONENT_UNAVAILABLE`. Closing ends what follows settings, waits for the calls that
 * are under way, and closes the components in the reverse order of their opening.
 */
export class Components implements AsyncDisposable {
  readonly #opened: readonly OpenedComponent[];
  readonly #options: ComponentsOptions;
  readonly #calls = new Map<string, ComponentCalls>();
  readonly #blocks = new Map<string, unknown>();
  readonly #configurations = new Set<ConfigurationBlock>();
  #closing: Promise<void> | undefined;

  constructor(opened: readonly OpenedComponent[], options: ComponentsOptions) {
    this.#opened = opened;
    this.#options = options;
  }

  /** The items of a state component. */
  state<T = unknown>(name: string): StateBlock<T> {
    return this.#block("state", name, (port, calls, { plan, settings }) => {
      const { appId, namespace } = this.#options;
      const strategy = String(settings["keyPrefix"]);
      const prefix = new KeyPrefix({ strategy, appId, namespace, component: plan.spec.name });
      return new StateBlock<T>(port, calls, prefix);
    });
  }

  /** The secrets of a secret store. */
  secrets(name: string): SecretsBlock {
    const { clock, secretScopes } = this.#options;
    return this.#block(
      "secretstores",
      name,
      (port, calls) => new SecretsBlock(port, calls, clock, secretScopes[name]),
    );
  }

  /** The settings of a configuration store. */
  configuration(name: string): ConfigurationBlock {
    const { clock, logger } = this.#options;
    return this.#block("configuration", name, (store, calls) => {
      const block = new ConfigurationBlock({ store, calls, clock, logger });
      this.#configurations.add(block);
      return block;
    });
  }

  /** The way out through a binding. */
  binding(name: string): BindingBlock {
    return this.#block("bindings", name, (port, calls) => new BindingBlock(port, calls));
  }

  /** Where the events of a binding come from; undefined if it brings none in. */
  source(name: string): BindingSource | undefined {
    const { outcome } = this.#find("bindings", name);
    if (outcome.kind === "failed") throw outcome.error;
    // A type of the block `bindings` opens a binding.
    return (outcome.port as Binding).source;
  }

  /** The locks of a lock store. */
  lock(name: string): LockBlock {
    const { random } = this.#options;
    return this.#block("lock", name, (port, calls) => new LockBlock(port, calls, random));
  }

  /** The broker of a pub/sub component, for `topics({ pubsub })` and for programs. */
  pubsub(name: string): PubSub {
    return this.#block("pubsub", name, (port) => port);
  }

  /** Every component of the application, also those that could not be opened. */
  list(): readonly ComponentInfo[] {
    return this.#opened.map(({ plan: { spec, type, version }, outcome }) => ({
      name: spec.name,
      type: type.type,
      version,
      place: spec.place,
      block: type.block,
      ...this.#healthOf(spec.name, outcome),
      capabilities: outcome.kind === "open" ? capabilitiesOf(outcome.port) : [],
    }));
  }

  /** Closing twice is harmless. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await Promise.all(Array.from(this.#configurations, (block) => block.close()));
    await Promise.all(Array.from(this.#calls.values(), (calls) => calls.close()));
    await closeInReverse(this.#opened);
  }

  #healthOf(
    name: string,
    outcome: OpenedComponent["outcome"],
  ): Pick<ComponentInfo, "health" | "reason"> {
    if (outcome.kind === "failed") return { health: "failed", reason: outcome.error.detail };
    const failure = this.#calls.get(name)?.failure;
    return failure === undefined ? { health: "open" } : { health: "failing", reason: failure };
  }

  #block<Block extends BlockName, B>(
    block: Block,
    name: string,
    make: (port: ComponentPorts[Block], calls: ComponentCalls, opened: OpenedComponent) => B,
  ): B {
    const key = `${block} ${name}`;
    const made = this.#blocks.get(key);
    // Under this key lies only what `make` of the same method made.
    if (made !== undefined) return made as B;
    if (this.#closing !== undefined)
      throw new TroupeError("COMPONENT_UNAVAILABLE", "the components are closed", { ran: "no" });
    const opened = this.#find(block, name);
    const { outcome } = opened;
    if (outcome.kind === "failed") throw outcome.error;
    // A type of a block opens the port of that block.
    const created = make(outcome.port as ComponentPorts[Block], this.#callsOf(opened), opened);
    this.#blocks.set(key, created);
    return created;
  }

  #find(block: BlockName, name: string): OpenedComponent {
    const ofBlock = this.#opened.filter(({ plan: { type } }) => type.block === block);
    const found = ofBlock.find(({ plan: { spec } }) => spec.name === name);
    if (found !== undefined) return found;
    const hint = nameHint(
      name,
      ofBlock.map(({ plan: { spec } }) => spec.name),
    );
    throw new TroupeError("NO_SUCH_COMPONENT", `no component ${block}.* is named ${name}; ${hint}`);
  }

  #callsOf({ plan: { spec, type }, secrets }: OpenedComponent): ComponentCalls {
    const { clock, callTimeoutMs } = this.#options;
    const title = `${spec.name} (${type.type})`;
    const calls = new ComponentCalls({ title, clock, timeoutMs: callTimeoutMs, secrets });
    this.#calls.set(spec.name, calls);
    return calls;
  }
}

function capabilitiesOf(port: ComponentPorts[BlockName]): readonly string[] {
  if ("operations" in port)
    return port.source === undefined ? port.operations : [...port.operations, "input"];
  if (!("capabilities" in port)) return [];
  return Object.entries(port.capabilities)
    .filter(([, can]) => can === true)
    .map(([name]) => name);
}
