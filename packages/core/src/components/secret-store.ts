/** A secret: one value, or several under keys of its own. */
export interface Secret {
  /** By key. A secret with one value has it under the secret's own name. */
  readonly values: Readonly<Record<string, string>>;
  /** Milliseconds for which the values are good. Undefined: until somebody changes them. */
  readonly leaseMs?: number | undefined;
}

/** What a secret store can do. What it cannot do is never asked of it. */
export interface SecretCapabilities {
  /** Giving every secret at once. */
  readonly bulk: boolean;
}

/**
 * Secrets by name: the port of `secretstores.*`.
 *
 * - A secret that the store does not have is undefined, and one that it may not give is an error.
 * - Both read what the store has at the time of the call. Nothing is cached behind this port.
 * - No value of a secret is in an error or in a log line.
 *
 * When the store is away, both reject with `COMPONENT_UNAVAILABLE` within seconds.
 */
export interface SecretStore {
  readonly capabilities: SecretCapabilities;
  get(name: string): Promise<Secret | undefined>;
  /** Every secret that the store may give, by name. */
  getAll(): Promise<ReadonlyMap<string, Secret>>;
  close(): Promise<void>;
}
