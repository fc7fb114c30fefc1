import {
  type ConfigurationItem,
  type ConfigurationListener,
  type ConfigurationStore,
  type ConfigurationWatch,
  systemClock,
} from "@troupe/core";

/** What a configuration store can do wrong. */
export const CONFIGURATION_FLAWS = [
  "gives an empty item for a key that is not there",
  "gives all settings whatever is asked for",
  "gives nothing if no key is named",
  "leaves out empty values",
  "trims values",
  "answers from what it read first",
  "speaks before the change can be read",
  "speaks once only",
  "says nothing of removals",
  "says nothing of a first value",
  "says nothing of changes right after another",
  "opens a watch after it said so",
  "breaks without a word",
  "speaks to who has closed",
  "speaks to the last watch only",
  "speaks to watches of all keys only",
] as const;

export type ConfigurationFlaw = (typeof CONFIGURATION_FLAWS)[number];

/** Milliseconds: longer than a test takes between two steps. */
const LATE_MS = 30;

interface FlawedWatch {
  readonly keys: readonly string[];
  readonly listener: ConfigurationListener;
  words: number;
}

/** The settings, and who watches them. */
export class FlawedSettings {
  readonly values = new Map<string, string>();
  readonly watches = new Set<FlawedWatch>();
  readonly #flaw: ConfigurationFlaw | undefined;
  #isQuiet = false;

  constructor(flaw: ConfigurationFlaw | undefined) {
    this.#flaw = flaw;
  }

  async put(key: string, value: string | undefined): Promise<void> {
    const isFirst = !this.values.has(key);
    if (this.#has("speaks before the change can be read")) {
      this.#speak();
      await new Promise((resolve) => {
        systemClock.schedule(1, () => resolve(undefined));
      });
    }
    if (value === undefined) this.values.delete(key);
    else this.values.set(key, value);
    if (this.#has("speaks before the change can be read")) return;
    if (value === undefined && this.#has("says nothing of removals")) return;
    if (isFirst && this.#has("says nothing of a first value")) return;
    if (this.#isQuiet) return;
    this.#speak();
    if (!this.#has("says nothing of changes right after another")) return;
    this.#isQuiet = true;
    systemClock.schedule(LATE_MS, () => {
      this.#isQuiet = false;
    });
  }

  async breakAll(): Promise<void> {
    for (const watch of Array.from(this.watches)) {
      this.watches.delete(watch);
      if (!this.#has("breaks without a word"))
        watch.listener.onBroken(new Error("the watch is cut"));
    }
  }

  #has(flaw: ConfigurationFlaw): boolean {
    return this.#flaw === flaw;
  }

  #speak(): void {
    const last = [...this.watches].at(-1);
    for (const watch of this.watches) {
      if (this.#has("speaks to the last watch only") && watch !== last) continue;
      if (this.#has("speaks to watches of all keys only") && watch.keys.length > 0) continue;
      watch.words++;
      if (!this.#has("speaks once only") || watch.words === 1) watch.listener.onChange();
    }
  }
}

/** A configuration store in memory with one flaw, or with none. */
export class FlawedConfigurationStore implements ConfigurationStore {
  readonly capabilities = { watch: true };
  readonly #settings: FlawedSettings;
  readonly #flaw: ConfigurationFlaw | undefined;
  readonly #first = new Map<string, string>();

  constructor(settings: FlawedSettings, flaw: ConfigurationFlaw | undefined) {
    this.#settings = settings;
    this.#flaw = flaw;
  }

  async get(keys: readonly string[]): Promise<ReadonlyMap<string, ConfigurationItem>> {
    const isAll = keys.length === 0 || this.#has("gives all settings whatever is asked for");
    if (keys.length === 0 && this.#has("gives nothing if no key is named")) return new Map();
    const items = new Map<string, ConfigurationItem>();
    for (const key of isAll ? this.#settings.values.keys() : keys) {
      const value = this.#valueOf(key);
      if (value !== undefined) items.set(key, { value, version: "" });
    }
    return items;
  }

  async watch(
    keys: readonly string[],
    listener: ConfigurationListener,
  ): Promise<ConfigurationWatch> {
    const { watches } = this.#settings;
    const watch: FlawedWatch = { keys, listener, words: 0 };
    if (this.#has("opens a watch after it said so"))
      systemClock.schedule(LATE_MS, () => watches.add(watch));
    else watches.add(watch);
    return {
      close: async () => {
        if (!this.#has("speaks to who has closed")) watches.delete(watch);
      },
    };
  }

  async close(): Promise<void> {
    this.#first.clear();
  }

  #has(flaw: ConfigurationFlaw): boolean {
    return this.#flaw === flaw;
  }

  #valueOf(key: string): string | undefined {
    const value = this.#settings.values.get(key);
    if (value === undefined)
      return this.#has("gives an empty item for a key that is not there") ? "" : undefined;
    if (value === "" && this.#has("leaves out empty values")) return undefined;
    if (!this.#first.has(key)) this.#first.set(key, value);
    if (this.#has("answers from what it read first")) return this.#first.get(key);
    return this.#has("trims values") ? value.trim() : value;
  }
}
