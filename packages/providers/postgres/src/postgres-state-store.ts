import type {
  ActorAddress,
  Claim,
  ClaimResult,
  Commit,
  CommitResult,
  IdentifyMode,
  ListPage,
  ListQuery,
  Retirement,
  StateStore,
  StoredFields,
} from "@troupe/core";
import { ActorBatches } from "./actor-batches.ts";
import { pageOfActors } from "./actor-pages.ts";
import { parseBytes } from "./binary-array.ts";
import { textOf } from "./due-columns.ts";
import type { PostgresConnection } from "./postgres-connection.ts";
import { quoted } from "./schema-name.ts";
import { functionsOf } from "./store-functions.ts";

/**
 * The state of actors in PostgreSQL: see `claim-function.ts` and `commit-function.ts` for what
 * holds, `actor-batches.ts` for what goes together, and `store-tables.ts` for what is stored.
 */
export class PostgresStateStore implements StateStore {
  readonly #connection: PostgresConnection;
  readonly #schema: string;
  readonly #batches: ActorBatches;

  /** Takes a connection of its own. */
  constructor(connection: PostgresConnection, schema: string) {
    this.#connection = connection;
    this.#schema = schema;
    this.#batches = new ActorBatches(connection, functionsOf(schema));
  }

  claim(address: ActorAddress, claim: Claim): Promise<ClaimResult> {
    return this.#batches.claim(address, claim);
  }

  commit(address: ActorAddress, commit: Commit): Promise<CommitResult> {
    return this.#batches.commit(address, commit);
  }

  /** One statement sees everything as it is at one moment. */
  async read({ type, id }: ActorAddress, prefix: string): Promise<StoredFields | undefined> {
    const at = quoted(this.#schema);
    const rows = await this.#connection.run({
      name: "read",
      // Nothing of UTF-8 has the byte ff, so all that starts with the prefix stands before it.
      text: `
SELECT a.epoch, a.version, f.name, f.value
FROM ${at}.actors a
LEFT JOIN ${at}.fields f
  ON f.actor = a.actor AND f.name >= $3::bytea AND f.name < $3::bytea || '\\xff'::bytea
WHERE a.type = $1 AND a.id = $2
  AND (a.retired_until IS NULL OR a.retired_until > clock_timestamp())`,
      values: [type, id, prefix].map((text) => Buffer.from(text)),
    });
    const [head] = rows;
    if (head === undefined) return undefined;
    const [epoch, version] = head;
    const fields = new Map<string, Uint8Array>();
    for (const [, , name, value] of rows)
      if (typeof name === "string") fields.set(textOf(name), parseBytes(value ?? ""));
    return { epoch: Number(epoch), version: Number(version), fields };
  }

  retire(address: ActorAddress, retirement: Retirement): Promise<CommitResult> {
    return this.#batches.retire(address, retirement);
  }

  list(query: ListQuery): Promise<ListPage> {
    return pageOfActors(this.#connection, this.#schema, query);
  }

  async identify(membership: string, mode: IdentifyMode): Promise<string> {
    const rows = await this.#connection.run({
      name: "identify",
      text: `
INSERT INTO ${quoted(this.#schema)}.facts AS f VALUES ('membership', $1)
ON CONFLICT (name) DO UPDATE SET value = CASE WHEN $2::boolean THEN EXCLUDED.value ELSE f.value END
RETURNING value`,
      values: [membership, mode === "replace"],
    });
    return rows[0]?.[0] ?? membership;
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}
