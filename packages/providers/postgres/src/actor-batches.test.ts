import {
  type ActorAddress,
  type Claim,
  silentLogger,
  type StateStore,
  systemClock,
} from "@troupe/core";
import { startPostgres, type TestService } from "@troupe/services";
import { Client } from "pg";
import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openPostgresStores, type PostgresStores } from "./open-postgres-stores.ts";

const CLAIM = { revision: 1, siloId: "silo-a" };

let postgres: TestService;
let admin: Client;
let cluster: string;
let opened: PostgresStores[];

beforeAll(async () => {
  postgres = await startPostgres();
  admin = new Client(postgres.url);
  await admin.connect();
});
afterAll(async () => {
  await admin.end();
  await postgres.stop();
});
beforeEach(() => {
  opened = [];
  cluster = randomUUID();
});
afterEach(async () => {
  await closeAll();
  await admin.query(`DROP SCHEMA "troupe_${cluster}" CASCADE`);
});

async function closeAll(): Promise<void> {
  for (const stores of opened) await stores.close();
}

async function open(): Promise<StateStore> {
  const stores = await openPostgresStores({
    url: postgres.url,
    cluster,
    clock: systemClock,
    logger: silentLogger,
  });
  opened.push(stores);
  return stores.stateStore;
}

const account = (id: number | string): ActorAddress => ({ type: "Account", id: String(id) });

interface Change {
  readonly epoch?: number;
  readonly version: number;
}

function commit(
  store: StateStore,
  id: number | string,
  { epoch = 1, version }: Change,
): ReturnType<StateStore["commit"]> {
  const set = new Map([["balance", Buffer.from(String(version))]]);
  const entry = { bucket: 1, address: account(id), name: "bill", dueAt: 1, tag: `1.${version}` };
  const due = { add: [entry], remove: [] };
  return store.commit(account(id), { epoch, version, set, remove: [], due });
}

/** The transaction that wrote each of the actors' rows last. */
async function writersOf(): Promise<string[]> {
  const { rows } = await admin.query<{ readonly xmin: string }>(
    `SELECT DISTINCT xmin::text FROM "troupe_${cluster}".actors`,
  );
  return rows.map(({ xmin }) => xmin);
}

describe("requests that come together", () => {
  it("share a transaction, each with an answer of its own", async () => {
    const store = await open();
    const ids = Array.from({ length: 100 }, (_, id) => id);
    const claims = await Promise.all(ids.map((id) => store.claim(account(id), CLAIM)));
    expect(claims).toEqual(
      ids.map(() => ({ kind: "claimed", epoch: 1, version: 0, fields: new Map() })),
    );
    expect(await Promise.all(ids.map((id) => commit(store, id, { version: 1 })))).toEqual(
      ids.map(() => ({ kind: "stored" })),
    );
    expect(await writersOf()).toHaveLength(1);
  });

  it("take effect in their order, also for one actor", async () => {
    const store = await open();
    const results = await Promise.all([
      store.claim(account("a"), CLAIM),
      commit(store, "a", { version: 1 }),
      commit(store, "a", { version: 2 }),
      store.claim(account("a"), CLAIM),
      commit(store, "a", { version: 3 }),
      store.retire(account("a"), { epoch: 2, version: 3, keepMs: 60_000 }),
      store.claim(account("a"), CLAIM),
    ]);
    expect(results).toEqual([
      { kind: "claimed", epoch: 1, version: 0, fields: new Map() },
      { kind: "stored" },
      { kind: "stored" },
      { kind: "claimed", epoch: 2, version: 2, fields: new Map([["balance", Buffer.from("2")]]) },
      { kind: "fenced", epoch: 2 },
      { kind: "stored" },
      { kind: "claimed", epoch: 3, version: 3, fields: new Map() },
    ]);
  });

  it("change nothing of one of them that is fenced, and everything of the others", async () => {
    const store = await open();
    const ids = ["a", "b", "c", "d"];
    await Promise.all(ids.map((id) => store.claim(account(id), CLAIM)));
    await commit(store, "d", { version: 1 });
    await store.claim(account("b"), { revision: 2, siloId: "silo-b" });
    const results = await Promise.all([
      commit(store, "a", { version: 1 }),
      commit(store, "b", { version: 1 }),
      commit(store, "c", { version: 2 }),
      commit(store, "d", { version: 1 }),
      commit(store, "unknown", { version: 1 }),
      commit(store, "d", { version: 2 }),
    ]);
    expect(results).toEqual([
      { kind: "stored" },
      { kind: "fenced", epoch: 2 },
      { kind: "fenced", epoch: 1 },
      { kind: "stored" },
      { kind: "fenced", epoch: 0 },
      { kind: "stored" },
    ]);
    const stored = await Promise.all(ids.map((id) => store.read(account(id), "")));
    expect(stored.map((one) => [one?.version, one?.fields.size])).toEqual([
      [1, 1],
      [0, 0],
      [0, 0],
      [2, 1],
    ]);
    const due = await opened[0]?.reminderStore.due([1], 1, 10);
    expect(due?.map(({ address, tag }) => `${address.id} ${tag}`)).toEqual([
      "a 1.1",
      "d 1.1",
      "d 1.2",
    ]);
  });

  it("wait for a row that somebody has locked, and see what he has stored", async () => {
    const store = await open();
    await store.claim(account("a"), CLAIM);
    await commit(store, "a", { version: 1 });
    const at = `"troupe_${cluster}"`;
    await admin.query("BEGIN");
    await admin.query(`UPDATE ${at}.actors SET version = 2`);
    await admin.query(`UPDATE ${at}.fields SET value = '2'`);
    const claiming = store.claim(account("a"), { revision: 2, siloId: "silo-b" });
    await expect
      .poll(async () => {
        const { rows } = await admin.query(
          "SELECT FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'",
        );
        return rows.length;
      })
      .toBe(1);
    await admin.query("COMMIT");
    expect(await claiming).toEqual({
      kind: "claimed",
      epoch: 2,
      version: 2,
      fields: new Map([["balance", Buffer.from("2")]]),
    });
  });

  it("say that the row is locked when that lasts, and go on after it", async () => {
    const store = await open();
    await store.claim(account("a"), CLAIM);
    await admin.query("BEGIN");
    await admin.query(`SELECT FROM "troupe_${cluster}".actors FOR UPDATE`);
    await expect(commit(store, "a", { version: 1 })).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringContaining("keeps what is asked for locked"),
    });
    await admin.query("ROLLBACK");
    expect(await commit(store, "a", { version: 1 })).toEqual({ kind: "stored" });
  });

  it("end all of one transaction when it fails, and none is taken for stored", async () => {
    const store = await open();
    const ids = ["a", "b"];
    await Promise.all(ids.map((id) => store.claim(account(id), CLAIM)));
    // A name that is too long for the index.
    const long = new Map([
      ["x".repeat(100) + Array.from({ length: 3_000 }, (_, n) => n).join(""), Buffer.from("1")],
    ]);
    const results = await Promise.allSettled([
      commit(store, "a", { version: 1 }),
      store.commit(account("b"), { epoch: 1, version: 1, set: long, remove: [] }),
    ]);
    for (const result of results)
      expect(result).toMatchObject({ reason: { code: "STORE_UNAVAILABLE", ran: "maybe" } });
    const stored = await Promise.all(ids.map((id) => store.read(account(id), "")));
    expect(stored.map((one) => [one?.version, one?.fields.size])).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(await commit(store, "a", { version: 1 })).toEqual({ kind: "stored" });
  });

  it("neither wait for each other nor lose a change while two silos fight for all actors", async () => {
    const [one, other] = [await open(), await open()];
    const ids = Array.from({ length: 40 }, (_, id) => id);
    let revision = 1;
    const acknowledged = new Map<number, number>();
    const refusals: unknown[] = [];
    const turn = async (store: StateStore, id: number, claim: Claim): Promise<void> => {
      const claimed = await store.claim(account(id), claim);
      if (claimed.kind === "refused") return;
      const { epoch, version, fields } = claimed;
      expect(Number(Buffer.from(fields.get("balance") ?? []).toString())).toBe(version);
      const result = await commit(store, id, { epoch, version: version + 1 });
      if (result.kind === "stored") acknowledged.set(id, (acknowledged.get(id) ?? 0) + 1);
    };
    const work = async (store: StateStore, siloId: string, order: readonly number[]) => {
      for (let round = 0; round < 15; round++) {
        const claim = { revision: ++revision, siloId };
        const turns = await Promise.allSettled(order.map((id) => turn(store, id, claim)));
        refusals.push(...turns.flatMap((end) => (end.status === "rejected" ? [end.reason] : [])));
      }
    };
    await Promise.all([work(one, "a", ids), work(other, "b", ids.toReversed())]);
    for (const id of ids)
      expect((await one.read(account(id), ""))?.version).toBe(acknowledged.get(id));
    expect(refusals).toEqual([]);
  });
});

it("finds its rows by their indexes, also with plans that were made while there were none", async () => {
  const store = await open();
  const ids = Array.from({ length: 300 }, (_, id) => id);
  await Promise.all(ids.map((id) => store.claim(account(id), CLAIM)));
  await Promise.all(ids.map((id) => commit(store, id, { version: 1 })));
  await store.read(account(1), "");
  await store.list({ limit: 10 });
  await opened[0]?.reminderStore.due([1, 2], 10, 10);
  // Who leaves reports what it has counted.
  await closeAll();
  await expect
    .poll(() => tablesWhere("idx_scan > 0"), { timeout: 10_000 })
    .toEqual(["actors", "due", "fields"]);
  expect(await tablesWhere("seq_tup_read > 0")).toEqual([]);
});

async function tablesWhere(condition: string): Promise<string[]> {
  const { rows } = await admin.query<{ readonly relname: string }>(
    `SELECT relname FROM pg_stat_user_tables
     WHERE schemaname = 'troupe_${cluster}' AND relname <> 'facts' AND ${condition}`,
  );
  return rows.map(({ relname }) => relname).toSorted();
}
