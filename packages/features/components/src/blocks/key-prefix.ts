import { TroupeError } from "@troupe/core";

/** Between the prefix and the key, as Dapr has it. */
const SEPARATOR = "||";

const KEY_MAX_BYTES = 1_024;

/** What a prefix is made of. */
export interface KeyPrefixOptions {
  /** The metadata `keyPrefix`. */
  readonly strategy: string;
  readonly appId: string;
  readonly component: string;
  /** Undefined if the variable `NAMESPACE` is not set. */
  readonly namespace: string | undefined;
}

/** What the keys of a component are stored under, so that applications can share a store. */
export class KeyPrefix {
  readonly #prefix: string;

  constructor(options: KeyPrefixOptions) {
    this.#prefix = prefixOf(options);
  }

  /** The key as it is stored. Throws `BAD_INPUT` for what is no key. */
  stored(key: string): string {
    const problem = keyProblem(key);
    if (problem !== undefined)
      throw new TroupeError("BAD_INPUT", `the key ${JSON.stringify(key)} ${problem}`);
    return this.#prefix + key;
  }

  /** What the stored keys of all keys with this beginning begin with. */
  storedBeginning(beginning: string): string {
    return this.#prefix + beginning;
  }

  /** The key of a stored one. */
  key(stored: string): string {
    return stored.slice(this.#prefix.length);
  }
}

function prefixOf({ strategy, appId, component, namespace }: KeyPrefixOptions): string {
  switch (strategy.toLowerCase()) {
    case "none":
      return "";
    case "appid":
      return appId + SEPARATOR;
    case "name":
      return component + SEPARATOR;
    case "namespace":
      if (namespace !== undefined) return `${namespace}.${appId}${SEPARATOR}`;
      throw new TroupeError(
        "BAD_CONFIG",
        `${component}: keyPrefix namespace needs the variable NAMESPACE, which is not set`,
      );
    default:
      return strategy + SEPARATOR;
  }
}

function keyProblem(key: unknown): string | undefined {
  if (typeof key !== "string" || key === "") return "is no text with a character at least";
  if (key.includes(SEPARATOR)) return `has "${SEPARATOR}" in it, which ends the prefix of keys`;
  if (!key.isWellFormed()) return "is no well-formed text";
  const bytes = Buffer.byteLength(key);
  return bytes > KEY_MAX_BYTES ? `has ${bytes} bytes; at most ${KEY_MAX_BYTES}` : undefined;
}
