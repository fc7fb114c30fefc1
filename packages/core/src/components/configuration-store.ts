/** One setting. */
export interface ConfigurationItem {
  readonly value: string;
  /** Differs from that of every earlier value of the key, if the store has versions; else empty. */
  readonly version: string;
}

/** Who wants to know of changes. Neither may throw. */
export interface ConfigurationListener {
  /** Something may have changed: read again. */
  onChange(): void;
  /**
   * The watch has ended and says nothing any more. Changes since its last word may have been
   * missed.
   */
  onBroken(error: Error): void;
}

/** What a configuration store can do. What it cannot do is never asked of it. */
export interface ConfigurationCapabilities {
  readonly watch: boolean;
}

/** A watch that is open. */
export interface ConfigurationWatch {
  /** The listener hears nothing after this. Closing twice is harmless. */
  close(): Promise<void>;
}

/**
 * Settings by key: the port of `configuration.*`.
 *
 * - `get` sees every change that was made before the call. A key that is not there is left out.
 * - **K4.** For each change after `watch` has resolved, `onChange` comes after `get` can see it, or
 *   `onBroken` comes. So who reads after each of them, and watches again after a break, misses no
 *   last value. One `onChange` may stand for many changes.
 *
 * When the store is away, both reject with `COMPONENT_UNAVAILABLE` within seconds.
 */
export interface ConfigurationStore {
  readonly capabilities: ConfigurationCapabilities;
  /** The items of these keys; of all keys if none is named. */
  get(keys: readonly string[]): Promise<ReadonlyMap<string, ConfigurationItem>>;
  /** Watches these keys; all keys if none is named. */
  watch(keys: readonly string[], listener: ConfigurationListener): Promise<ConfigurationWatch>;
  close(): Promise<void>;
}
