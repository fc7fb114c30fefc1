import type { Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import type { Binding } from "./binding.ts";
import type { ConfigurationStore } from "./configuration-store.ts";
import type { LockStore } from "./lock-store.ts";
import type { MetadataFields, MetadataValue, SettingsOf } from "./metadata-field.ts";
import type { PubSub } from "./pub-sub.ts";
import type { SecretStore } from "./secret-store.ts";
import type { StateComponent } from "./state-component.ts";

/** The building blocks, and the port that serves each. The names are those of Dapr's types. */
export interface ComponentPorts {
  readonly state: StateComponent;
  readonly secretstores: SecretStore;
  readonly configuration: ConfigurationStore;
  readonly bindings: Binding;
  readonly lock: LockStore;
  readonly pubsub: PubSub;
}

/** The building block of a component: what stands before the first dot of its type. */
export type BlockName = keyof ComponentPorts;

/** What a type is given when it opens a component. */
export interface ComponentContext {
  /** Of the component, for messages. */
  readonly name: string;
  /** The application whose component it is. */
  readonly appId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The folder that relative paths in metadata start from. */
  readonly folder: string;
}

/** Describes one type of component of a block. See `ComponentType`. */
export interface ComponentTypeOf<Block extends BlockName> {
  /** As Dapr writes it: `state.redis`. */
  readonly type: string;
  readonly block: Block;
  /** The first is the one of a component that names none. */
  readonly versions: readonly [string, ...string[]];
  /** What it is, in a sentence. */
  readonly summary: string;
  /** What it promises less of than its port, and what a user should know. Markdown. */
  readonly notes: string;
  readonly metadata: MetadataFields;
  /** Metadata that Dapr knows and that changes nothing here, with the reason. */
  readonly ignored: Readonly<Record<string, string>>;
  /**
   * Opens a component. `settings` has a value of the right kind for each field that is required or
   * has a default. Rejects within seconds, with `BAD_CONFIG` or `COMPONENT_UNAVAILABLE`, and leaves
   * nothing open then. Whoever opened a component closes it.
   */
  open(
    settings: Readonly<Record<string, MetadataValue | undefined>>,
    context: ComponentContext,
  ): Promise<ComponentPorts[Block]>;
}

/**
 * Describes one type of component: its name, its metadata, and how to open it. The metadata is
 * checked against it, and `docs/components` is made of it.
 *
 * A descriptor is loaded by every process that names components, so its module should import its
 * client only inside of `open`.
 */
export type ComponentType = { [Block in BlockName]: ComponentTypeOf<Block> }[BlockName];

/** What `componentType` is given: as `ComponentType`, with settings that the compiler knows. */
export interface ComponentTypeOptions<Block extends BlockName, Fields extends MetadataFields> {
  readonly type: `${Block}.${string}`;
  readonly block: Block;
  /** Default: `v1`. */
  readonly versions?: readonly [string, ...string[]];
  readonly summary: string;
  readonly notes?: string;
  readonly metadata: Fields;
  readonly ignored?: Readonly<Record<string, string>>;
  open(settings: SettingsOf<Fields>, context: ComponentContext): Promise<ComponentPorts[Block]>;
}

/**
 * Makes the descriptor of a type of component.
 *
 * @example
 * ```ts
 * const acme = componentType({
 *   type: "lock.acme",
 *   block: "lock",
 *   summary: "Locks of an Acme server.",
 *   metadata: { host: { kind: "text", required: true, doc: "Where the server is." } },
 *   open: async ({ host }, { clock }) => new AcmeLocks(host, clock),
 * });
 * ```
 */
export function componentType<Block extends BlockName, const Fields extends MetadataFields>(
  options: ComponentTypeOptions<Block, Fields>,
): ComponentTypeOf<Block> {
  return {
    type: options.type,
    block: options.block,
    versions: options.versions ?? ["v1"],
    summary: options.summary,
    notes: options.notes ?? "",
    metadata: options.metadata,
    ignored: options.ignored ?? {},
    open: (settings, context) => options.open(settings as SettingsOf<Fields>, context),
  };
}
