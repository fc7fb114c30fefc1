import type { BlockName, ComponentType, MetadataFields } from "@troupe/core";

/** Metadata that every type of a block takes, because the block itself reads it. */
const METADATA_OF_BLOCK: Readonly<Record<BlockName, MetadataFields>> = {
  state: {
    keyPrefix: {
      kind: "text",
      default: "appid",
      doc: "What keys are stored under: `appid`, `namespace` (and the application), `name` (of the component), `none`, or a text.",
    },
  },
  secretstores: {},
  configuration: {},
  bindings: {},
  lock: {},
  pubsub: {},
};

const IGNORED_OF_BLOCK: Readonly<Record<BlockName, Readonly<Record<string, string>>>> = {
  state: { actorStateStore: "actors have a storage of their own" },
  secretstores: {},
  configuration: {},
  bindings: { direction: "a type says itself what it can do" },
  lock: {},
  pubsub: {},
};

/** The types of components that there are, by name. */
export class TypeRegistry {
  readonly #types: ReadonlyMap<string, ComponentType>;

  /** Of two types with one name the later one counts. */
  constructor(types: readonly ComponentType[]) {
    this.#types = new Map(types.map((type) => [type.type, type]));
  }

  get names(): readonly string[] {
    return [...this.#types.keys()];
  }

  /** Dapr does not look at the case of a type's name, and neither does this. */
  find(name: string): ComponentType | undefined {
    return this.#types.get(name.toLowerCase());
  }
}

/** All metadata that components of the type take. */
export function metadataOf(type: ComponentType): MetadataFields {
  return { ...METADATA_OF_BLOCK[type.block], ...type.metadata };
}

/** All metadata of the type that changes nothing here, with the reason. */
export function ignoredOf(type: ComponentType): Readonly<Record<string, string>> {
  return { ...IGNORED_OF_BLOCK[type.block], ...type.ignored };
}
