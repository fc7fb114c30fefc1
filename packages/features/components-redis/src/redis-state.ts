import type {
  StateCapabilities,
  StateChange,
  StateComponent,
  StateItem,
  StateKeyPage,
  StateKeyQuery,
  StateWritten,
  TransactionResult,
} from "@troupe/core";
import { beginsWith } from "./glob-pattern.ts";
import type { RedisConnection } from "./redis-connection.ts";

/** Where a scan begins and ends. */
const SCAN_END = "0";

/** Items in Redis, stored as Dapr stores them. */
export class RedisState implements StateComponent {
  readonly capabilities: StateCapabilities = {
    conditions: true,
    ttl: true,
    transactions: true,
    keys: true,
    strongReads: true,
  };
  readonly #redis: RedisConnection;
  readonly #defaultTtlMs: number | undefined;

  /** `defaultTtlMs` is for items that are written without a lifetime. */
  constructor(redis: RedisConnection, defaultTtlMs: number | undefined) {
    this.#redis = redis;
    this.#defaultTtlMs = defaultTtlMs;
  }

  /** Commands of one tick go out together, so many reads cost one round trip. */
  read(keys: readonly string[]): Promise<readonly (StateItem | undefined)[]> {
    return this.#redis.run(async (redis) => {
      const [first] = keys;
      if (keys.length === 1 && first !== undefined)
        return [itemIn(await redis.hmget(first, "data", "version"))];
      const found = await Promise.all(keys.map((key) => redis.hmget(key, "data", "version")));
      return found.map((fields) => itemIn(fields));
    });
  }

  write(changes: readonly StateChange[]): Promise<readonly StateWritten[]> {
    return Promise.all(
      changes.map(async (change): Promise<StateWritten> => {
        const [version = -1] = await this.#change([change]);
        if (version < 0) return { kind: "conflict" };
        return { kind: "stored", etag: version === 0 ? undefined : String(version) };
      }),
    );
  }

  async transact(changes: readonly StateChange[]): Promise<TransactionResult> {
    const [first = 0] = await this.#change(changes);
    const refused = first < 0 ? changes[-first - 1] : undefined;
    return refused === undefined ? { kind: "stored" } : { kind: "conflict", key: refused.key };
  }

  async listKeys({ prefix, after = SCAN_END, limit }: StateKeyQuery): Promise<StateKeyPage> {
    const [next, keys] = await this.#redis.run((redis) =>
      redis.scan(after, "MATCH", beginsWith(prefix), "COUNT", limit, "TYPE", "hash"),
    );
    return { keys, next: next === SCAN_END ? undefined : next };
  }

  close(): Promise<void> {
    return this.#redis.close();
  }

  #change(changes: readonly StateChange[]): Promise<readonly number[]> {
    const keys = changes.map(({ key }) => key);
    const texts = changes.flatMap((change) => this.#argumentsOf(change));
    return this.#redis.run((redis) => redis.troupeChange(keys.length, ...keys, ...texts));
  }

  #argumentsOf(change: StateChange): readonly (string | number)[] {
    const { condition } = change;
    const etag = condition?.kind === "etag" ? condition.etag : "";
    const kind = condition?.kind ?? "any";
    if (change.kind === "delete") return [kind, etag, "delete", "", 0];
    const ttlMs = change.ttlMs ?? this.#defaultTtlMs ?? 0;
    return [kind, etag, "set", change.data, Math.ceil(ttlMs)];
  }
}

function itemIn([data, etag]: readonly (string | null)[]): StateItem | undefined {
  return typeof data === "string" && typeof etag === "string" ? { data, etag } : undefined;
}
