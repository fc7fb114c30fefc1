import type {
  ActorAddress,
  Claim,
  ClaimResult,
  Commit,
  CommitResult,
  StateStore,
} from "@troupe/core";
import { ActorRequests } from "./actor-requests.ts";
import { requestsAtOnce } from "./requests-at-once.ts";
import type { RedisConnection } from "./redis-connection.ts";
import type { StoreKeys } from "./store-keys.ts";

/** The state of actors in Redis, one hash each; see `actor-script.ts` for what holds. */
export class RedisStateStore implements StateStore {
  readonly #connection: RedisConnection;
  readonly #keys: StoreKeys;
  readonly #requests: ActorRequests;

  /** Takes a connection of its own. */
  static async on(connection: RedisConnection, keys: StoreKeys): Promise<RedisStateStore> {
    return new RedisStateStore(connection, keys, await requestsAtOnce(connection, keys));
  }

  private constructor(connection: RedisConnection, keys: StoreKeys, requestsMax: number) {
    this.#connection = connection;
    this.#keys = keys;
    this.#requests = new ActorRequests(connection, requestsMax);
  }

  claim(address: ActorAddress, claim: Claim): Promise<ClaimResult> {
    return this.#requests.claim(this.#keys.actor(address), claim);
  }

  commit(address: ActorAddress, commit: Commit): Promise<CommitResult> {
    return this.#requests.commit(this.#keys.actor(address), commit);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}
