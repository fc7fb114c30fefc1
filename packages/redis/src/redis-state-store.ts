import type { ActorAddress, Claim, ClaimResult, Commit, CommitResult, StateStore } from "@troupe/core";
import { CONTROL_FIELD, FIELD_PREFIX } from "./actor-scripts.ts";
import type { RedisConnection } from "./redis-connection.ts";
import type { StoreKeys } from "./store-keys.ts";

/** The state of actors in Redis, one hash each; see `actor-scripts.ts` for what holds. */
export class RedisStateStore implements StateStore {
  readonly #connection: RedisConnection;
  readonly #keys: StoreKeys;

  constructor(connection: RedisConnection, keys: StoreKeys) {
    this.#connection = connection;
    this.#keys = keys;
  }

  async claim(address: ActorAddress, { revision, siloId }: Claim): Promise<ClaimResult> {
    const key = this.#keys.actor(address);
    const reply = await this.#connection.run((redis) => redis.troupeClaimBuffer(key, String(revision), siloId));
    const [granted, first, second, stored] = reply as [Buffer, Buffer, Buffer, Buffer[]?];
    if (granted.toString() === "0") return { kind: "refused", revision: Number(first.toString()), siloId: second.toString() };
    return {
      kind: "claimed",
      epoch: Number(first.toString()),
      version: Number(second.toString()),
      fields: readFields(stored ?? []),
    };
  }

  async commit(address: ActorAddress, commit: Commit): Promise<CommitResult> {
    const args: (string | Buffer)[] = [
      String(commit.epoch),
      String(commit.version),
      String(commit.version - 1),
      String(commit.set.size),
    ];
    for (const [name, value] of commit.set) args.push(FIELD_PREFIX + name, bytesOf(value));
    for (const name of commit.remove) args.push(FIELD_PREFIX + name);
    const key = this.#keys.actor(address);
    const epoch = await this.#connection.run((redis) => redis.troupeCommit(key, args));
    return epoch === "" ? { kind: "stored" } : { kind: "fenced", epoch: Number(epoch) };
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}

/** The client takes only Buffers for bytes; this is one on the same memory. */
function bytesOf(value: Uint8Array): Buffer {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

function readFields(stored: readonly Buffer[]): Map<string, Uint8Array> {
  const fields = new Map<string, Uint8Array>();
  for (let index = 0; index + 1 < stored.length; index += 2) {
    const [name, value] = [stored[index]?.toString(), stored[index + 1]];
    if (name !== undefined && name !== CONTROL_FIELD && value !== undefined) fields.set(name.slice(FIELD_PREFIX.length), value);
  }
  return fields;
}
