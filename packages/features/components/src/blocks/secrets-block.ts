import type { Clock, Secret, SecretStore } from "@troupe/core";
import type { ComponentCalls } from "./component-calls.ts";

/** Which secrets of a store an application may read, as Dapr has it. */
export interface SecretScope {
  /** For the secrets that no list names. Default: "allow". */
  readonly defaultAccess?: "allow" | "deny";
  /** If it names any, only these. */
  readonly allowedSecrets?: readonly string[];
  /** These not, also if the other list names them. */
  readonly deniedSecrets?: readonly string[];
}

/** Milliseconds for which a secret is taken to be the same. */
const AGE_MAX_MS = 60_000;

/** A secret with a lease is read again when this part of the lease is over. */
const LEASE_PART = 0.5;

/** Secrets that are kept. With more, the oldest is forgotten. */
const KEPT_MAX = 1_000;

interface KeptSecret {
  readonly secret: Secret | undefined;
  readonly goodUntil: number;
}

/**
 * The secrets of the store of one name. What was read is kept for a minute, or for half of its
 * lease if that is shorter.
 */
export class SecretsBlock {
  readonly #store: SecretStore;
  readonly #calls: ComponentCalls;
  readonly #clock: Clock;
  readonly #scope: SecretScope;
  readonly #kept = new Map<string, KeptSecret>();
  readonly #reading = new Map<string, Promise<Secret | undefined>>();

  constructor(store: SecretStore, calls: ComponentCalls, clock: Clock, scope: SecretScope = {}) {
    this.#store = store;
    this.#calls = calls;
    this.#clock = clock;
    this.#scope = scope;
  }

  /**
   * The values of the secret by their keys, or undefined if the store does not have it. A secret
   * with one value has it under its own name. One that the scope denies is `FORBIDDEN`.
   */
  async get(name: string): Promise<Readonly<Record<string, string>> | undefined> {
    if (!isAllowed(name, this.#scope))
      throw this.#calls.error("FORBIDDEN", `the application may not read the secret ${name}`);
    const kept = this.#kept.get(name);
    if (kept !== undefined && kept.goodUntil > this.#clock.monotonic()) return kept.secret?.values;
    return (await this.#readOnce(name))?.values;
  }

  /** All secrets that the application may read, by name. Always read from the store. */
  async getAll(): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
    if (!this.#store.capabilities.bulk)
      throw this.#calls.error("NOT_SUPPORTED", "this type of component cannot give all secrets");
    const all = await this.#calls.run(() => this.#store.getAll());
    const allowed = [...all].filter(([name]) => isAllowed(name, this.#scope));
    return new Map(allowed.map(([name, { values }]) => [name, values]));
  }

  #readOnce(name: string): Promise<Secret | undefined> {
    const underWay = this.#reading.get(name);
    if (underWay !== undefined) return underWay;
    const reading = this.#read(name).finally(() => this.#reading.delete(name));
    this.#reading.set(name, reading);
    return reading;
  }

  async #read(name: string): Promise<Secret | undefined> {
    const askedAt = this.#clock.monotonic();
    const secret = await this.#calls.run(() => this.#store.get(name));
    const leaseMs = secret?.leaseMs ?? Number.POSITIVE_INFINITY;
    const goodUntil = askedAt + Math.min(AGE_MAX_MS, leaseMs * LEASE_PART);
    this.#kept.delete(name);
    this.#kept.set(name, { secret, goodUntil });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT_MAX && oldest !== undefined) this.#kept.delete(oldest);
    return secret;
  }
}

/** Whether the application may read the secret, by the rules of Dapr's scopes. */
export function isAllowed(name: string, scope: SecretScope): boolean {
  const { defaultAccess = "allow", allowedSecrets = [], deniedSecrets = [] } = scope;
  if (deniedSecrets.includes(name)) return false;
  return allowedSecrets.length > 0 ? allowedSecrets.includes(name) : defaultAccess === "allow";
}
