import type {
  ActorAddress,
  ListPage,
  ListQuery,
  Claim,
  ClaimResult,
  Commit,
  CommitResult,
  IdentifyMode,
  DueChange,
  DueEntry,
  Retirement,
  StateStore,
  StoredFields,
} from "@troupe/core";
import { pageOfActors } from "./actor-pages.ts";
import { ActorRequests } from "./actor-requests.ts";
import { DueNotes } from "./due-notes.ts";
import { requestsAtOnce } from "./requests-at-once.ts";
import type { RedisConnection } from "./redis-connection.ts";
import type { StoreKeys } from "./store-keys.ts";

/**
 * The state of actors in Redis, one hash each; see `actor-script.ts` for what holds.
 *
 * A commit and what it changes in the index are one script call, one round trip. On a Redis Cluster
 * they cannot be, because the keys lie on different machines. There the entries are added first,
 * then the fields are written, then entries are removed; a tag keeps a removal that arrives late
 * from what was added since.
 */
export class RedisStateStore implements StateStore {
  readonly #connection: RedisConnection;
  readonly #keys: StoreKeys;
  readonly #requests: ActorRequests;
  readonly #notes: DueNotes;
  /** Removals that nobody waits for but `close`. */
  readonly #removing = new Set<Promise<void>>();

  /** Takes a connection of its own. */
  static async on(connection: RedisConnection, keys: StoreKeys): Promise<RedisStateStore> {
    return new RedisStateStore(connection, keys, await requestsAtOnce(connection, keys));
  }

  private constructor(connection: RedisConnection, keys: StoreKeys, requestsMax: number) {
    this.#connection = connection;
    this.#keys = keys;
    this.#requests = new ActorRequests(connection, keys, requestsMax);
    this.#notes = new DueNotes(this.#requests, keys);
  }

  claim(address: ActorAddress, claim: Claim): Promise<ClaimResult> {
    return this.#requests.claim(this.#keys.actor(address), claim);
  }

  commit(address: ActorAddress, commit: Commit): Promise<CommitResult> {
    const key = this.#keys.actor(address);
    if (commit.due === undefined || this.#requests.takesSeveralKeys)
      return this.#requests.commit(key, commit);
    const { due, ...fields } = commit;
    return this.#inSteps(due, () => this.#requests.commit(key, fields));
  }

  read(address: ActorAddress, prefix: string): Promise<StoredFields | undefined> {
    return this.#requests.read(this.#keys.actor(address), prefix);
  }

  retire(address: ActorAddress, retirement: Retirement): Promise<CommitResult> {
    const key = this.#keys.actor(address);
    if (retirement.due === undefined || this.#requests.takesSeveralKeys)
      return this.#requests.retire(key, retirement);
    const { due, ...rest } = retirement;
    return this.#inSteps(due, () => this.#requests.retire(key, rest));
  }

  list(query: ListQuery): Promise<ListPage> {
    return pageOfActors(this.#connection, this.#keys, query);
  }

  identify(membership: string, mode: IdentifyMode): Promise<string> {
    const key = this.#keys.membership();
    return this.#connection.run(async (redis) => {
      if (mode === "replace") await redis.set(key, membership);
      else await redis.setnx(key, membership);
      return (await redis.get(key)) ?? membership;
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#removing);
    await this.#connection.close();
  }

  async #inSteps(due: DueChange, write: () => Promise<CommitResult>): Promise<CommitResult> {
    await this.#notes.add(due.add);
    const result = await write();
    if (result.kind === "stored" && due.remove.length > 0) this.#removeLater(due);
    return result;
  }

  #removeLater({ remove }: DueChange): void {
    const removal = this.#remove(remove).finally(() => this.#removing.delete(removal));
    this.#removing.add(removal);
  }

  async #remove(entries: readonly DueEntry[]): Promise<void> {
    try {
      await this.#notes.remove(entries);
    } catch {
      // What cannot be removed is found stale when it is due.
    }
  }
}
