import type {
  ActorAddress,
  Claim,
  ClaimResult,
  Commit,
  CommitResult,
  DueChange,
  DueEntry,
  ListPage,
  ListQuery,
  Retirement,
  StateStore,
  StoredFields,
} from "@troupe/core";
import { listActors } from "./actor-listing.ts";
import { ActorRequests } from "./actor-requests.ts";
import { ACTOR_FORMAT, FIELD_PREFIX } from "./actor-script.ts";
import { requestsAtOnce } from "./requests-at-once.ts";
import type { RedisConnection } from "./redis-connection.ts";
import { storeFailure } from "./store-failure.ts";
import type { StoreKeys } from "./store-keys.ts";

/**
 * The state of actors in Redis, one hash each; see `actor-script.ts` for what holds.
 *
 * RST-1. The entries that a commit adds to the index are there before its fields are: in the same
 *        step where one command may be for several keys, else in a step before. A crash in between
 *        leaves an entry too many.
 * RST-2. Those that it removes go after it was stored, and in no case if it was not. A removal that
 *        the network hands on late takes only the entry with its tag.
 */
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
    const key = this.#keys.actor(address);
    const { due } = commit;
    return due === undefined
      ? this.#requests.commit(key, commit)
      : this.#commitWithDue(key, commit, due);
  }

  async read(address: ActorAddress, prefix: string): Promise<StoredFields | undefined> {
    const [control, ...found] = await this.#connection.run((redis) =>
      redis.troupeReadBuffer(this.#keys.actor(address), FIELD_PREFIX + prefix),
    );
    if (control === undefined || control.length === 0) return undefined;
    const fields = new Map<string, Uint8Array>();
    for (let index = 0; index + 1 < found.length; index += 2) {
      const name = found[index]?.toString() ?? "";
      fields.set(name.slice(FIELD_PREFIX.length), found[index + 1] ?? new Uint8Array());
    }
    return { ...this.#parse(control.toString()), fields };
  }

  async retire(
    address: ActorAddress,
    { epoch, version, keepMs }: Retirement,
  ): Promise<CommitResult> {
    const before = `${ACTOR_FORMAT} ${epoch} ${version - 1} `;
    const after = `${ACTOR_FORMAT} ${epoch} ${version} `;
    const answer = await this.#connection.run((redis) =>
      redis.troupeRetire(this.#keys.actor(address), before, after, keepMs),
    );
    if (answer === "stored") return { kind: "stored" };
    return { kind: "fenced", epoch: answer === "" ? 0 : this.#parse(answer).epoch };
  }

  list(query: ListQuery): Promise<ListPage> {
    return listActors(this.#connection, this.#keys, query);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  async #commitWithDue(key: string, commit: Commit, due: DueChange): Promise<CommitResult> {
    const added = this.#note("add", due.add);
    if (!this.#requests.takesSeveralKeys) await added;
    const [result] = await Promise.all([this.#requests.commit(key, commit), added]);
    // Nobody waits for it: an entry too many is found out when its time comes.
    if (result.kind === "stored") this.#note("remove", due.remove).catch(() => undefined);
    return result;
  }

  async #note(kind: "add" | "remove", entries: readonly DueEntry[]): Promise<void> {
    await Promise.all(
      entries.map((entry) => this.#requests.note(kind, this.#keys.bucket(entry.bucket), entry)),
    );
  }

  #parse(control: string): { epoch: number; version: number } {
    const [format, epoch, version] = control.split(" ", 3);
    if (format === ACTOR_FORMAT) return { epoch: Number(epoch), version: Number(version) };
    throw storeFailure(this.#connection.label, new Error(`TROUPEFORMAT ${format}`));
  }
}
