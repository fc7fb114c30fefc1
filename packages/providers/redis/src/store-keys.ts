import type { ActorAddress, ListQuery } from "@troupe/core";

/**
 * The keys of Redis that hold a cluster's data.
 *
 * KEY-1. Two different names never give the same key: every character with a meaning in keys is
 *     written as `%` and its code.
 * KEY-2. Each key has exactly one pair of braces, so that Redis Cluster keeps what stands between
 *     them in one slot, whatever an id looks like. A script uses keys of one pair only.
 *
 * The keys are part of the stored format: a change of them loses data.
 */
const SPECIAL = /[%{}:]/g;
const SPECIAL_IN_TYPE = /[%{}/]/g;
const SPECIAL_IN_ID = /[%{}]/g;

/** What has a meaning in a pattern of Redis. */
const SPECIAL_IN_PATTERN = /[*?[\]\\]/g;

export class StoreKeys {
  readonly #prefix: string;

  constructor(cluster: string) {
    this.#prefix = `troupe:${escape(cluster, SPECIAL)}:`;
  }

  /** The hash of one actor: `troupe:bank:a:{Account/alice}`. */
  actor(address: ActorAddress): string {
    return `${this.#prefix}a:{${escape(address.type, SPECIAL_IN_TYPE)}/${escape(address.id, SPECIAL_IN_ID)}}`;
  }

  /** The pattern that the hashes of the wanted actors match, and maybe those of a few others. */
  actorPattern({ type, prefix = "" }: ListQuery): string {
    const start = `${this.#prefix}a:{`.replace(SPECIAL_IN_PATTERN, String.raw`\$&`);
    const types =
      type === undefined
        ? "*"
        : escape(type, SPECIAL_IN_TYPE).replace(SPECIAL_IN_PATTERN, String.raw`\$&`);
    const ids = escape(prefix, SPECIAL_IN_ID).replace(SPECIAL_IN_PATTERN, String.raw`\$&`);
    return `${start}${types}/${ids}*`;
  }

  /** The address of an actor's hash, or undefined if it is none of the wanted. */
  parseActor(key: string, { type, prefix = "" }: ListQuery): ActorAddress | undefined {
    const start = `${this.#prefix}a:{`;
    if (!key.startsWith(start) || !key.endsWith("}")) return undefined;
    const text = key.slice(start.length, -1);
    const slash = text.indexOf("/");
    const address = { type: unescape(text.slice(0, slash)), id: unescape(text.slice(slash + 1)) };
    const isWanted =
      slash > 0 && (type === undefined || address.type === type) && address.id.startsWith(prefix);
    return isWanted ? address : undefined;
  }

  /** The id of the membership whose actors are stored: `troupe:bank:{membership}`. */
  membership(): string {
    return `${this.#prefix}{membership}`;
  }

  /** The sorted set of one bucket of due times: `troupe:bank:r:{17}`. */
  bucket(bucket: number): string {
    return `${this.#prefix}r:{${bucket}}`;
  }
}

function escape(text: string, special: RegExp): string {
  // Most texts have none, and looking costs a third of replacing nothing.
  if (text.search(special) === -1) return text;
  return text.replace(special, (character) => `%${character.charCodeAt(0).toString(16)}`);
}

function unescape(text: string): string {
  return text.replace(/%([0-9a-f]{2})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}
