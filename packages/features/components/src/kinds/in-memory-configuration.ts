import {
  componentType,
  type ComponentTypeOf,
  type ConfigurationItem,
  type ConfigurationListener,
  type ConfigurationStore,
  type ConfigurationWatch,
  messageOf,
  TroupeError,
} from "@troupe/core";

/** Settings in memory, which a program or a test changes. */
export class InMemorySettings {
  readonly #items = new Map<string, ConfigurationItem>();
  readonly #listeners = new Set<() => void>();
  #version = 0;

  constructor(values: Readonly<Record<string, string>> = {}) {
    for (const [key, value] of Object.entries(values)) this.set(key, value);
  }

  /** Gives a key a value; undefined removes the key. */
  set(key: string, value: string | undefined): void {
    if (value === undefined) this.#items.delete(key);
    else this.#items.set(key, { value, version: String(++this.#version) });
    for (const listener of Array.from(this.#listeners)) listener();
  }

  /** The items of these keys; of all keys if none is named. */
  pick(keys: readonly string[]): ReadonlyMap<string, ConfigurationItem> {
    if (keys.length === 0) return new Map(this.#items);
    return new Map([...this.#items].filter(([key]) => keys.includes(key)));
  }

  /** Calls back after each change, until what this returns is called. */
  listen(listener: () => void): () => void {
    const own = (): void => listener();
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }
}

/** Settings in the memory of this process. */
export class InMemoryConfiguration implements ConfigurationStore {
  readonly capabilities = { watch: true };
  readonly #settings: InMemorySettings;

  constructor(settings: InMemorySettings) {
    this.#settings = settings;
  }

  async get(keys: readonly string[]): Promise<ReadonlyMap<string, ConfigurationItem>> {
    return this.#settings.pick(keys);
  }

  async watch(_: readonly string[], listener: ConfigurationListener): Promise<ConfigurationWatch> {
    const stop = this.#settings.listen(() => listener.onChange());
    return { close: async () => stop() };
  }

  async close(): Promise<void> {
    // The settings belong to whoever made them.
  }
}

/**
 * `configuration.in-memory`. With settings that are handed in, every component of the type has
 * these, and whoever hands them in can change them.
 */
export function inMemoryConfigurationType(
  settings?: InMemorySettings,
): ComponentTypeOf<"configuration"> {
  return componentType({
    type: "configuration.in-memory",
    block: "configuration",
    summary: "Settings in the memory of one process, for development and tests.",
    notes:
      "They change only if the program hands in `inMemoryConfigurationType(settings)` as a type, and calls `settings.set`.",
    metadata: {
      items: {
        kind: "text",
        default: "{}",
        doc: "The settings at the start, as a JSON object of texts.",
      },
    },
    open: async ({ items }) =>
      new InMemoryConfiguration(settings ?? new InMemorySettings(settingsIn(items))),
  });
}

function settingsIn(json: string): Readonly<Record<string, string>> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new TroupeError("BAD_CONFIG", `items is no JSON: ${messageOf(error)}`, { cause: error });
  }
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  const entries = isObject ? Object.entries(value as object) : [];
  const settings = entries.flatMap(([key, text]) =>
    typeof text === "string" ? [[key, text]] : [],
  );
  if (isObject && settings.length === entries.length)
    return Object.fromEntries(settings) as Record<string, string>;
  throw new TroupeError("BAD_CONFIG", "items is a JSON object of texts");
}
