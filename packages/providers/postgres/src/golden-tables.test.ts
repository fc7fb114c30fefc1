import { createHash } from "node:crypto";
import { goldenBytes, goldenDueEntries, goldenFile } from "@troupe/conformance";
import { silentLogger, systemClock } from "@troupe/core";
import { startPostgres } from "@troupe/services";
import { Client } from "pg";
import { expect, it, onTestFinished } from "vitest";
import { openPostgresStores } from "./open-postgres-stores.ts";
import { quoted, schemaOf } from "./schema-name.ts";
import { tablesOf } from "./store-tables.ts";

/** The golden rows are those of a cluster with this name. */
const CLUSTER = "ba:nk";

it("has the tables of the first version", () => {
  const digest = createHash("sha256").update(tablesOf("s")).digest("hex");
  // Another digest needs another format, and a way from this one to it.
  expect(digest).toBe("226f168d6e5aaeab54ebefebe147f5db963266b45567dd721fc33b057891eca2");
  expect(schemaOf(CLUSTER)).toBe("troupe_ba:nk");
});

it("reads actors and due times from a PostgreSQL that the first version wrote to", async () => {
  const postgres = await startPostgres();
  onTestFinished(() => postgres.stop());
  const client = new Client(postgres.url);
  await client.connect();
  onTestFinished(() => client.end());
  const at = quoted(schemaOf(CLUSTER));
  await client.query(`DROP SCHEMA IF EXISTS ${at} CASCADE; CREATE SCHEMA ${at}`);
  await client.query(tablesOf(schemaOf(CLUSTER)));
  const { epoch, version, fields } = goldenFile("stored-actor");
  await client.query(
    `INSERT INTO ${at}.actors (type, id, epoch, version, claimed_version, revision, silo, store, claim_number)
     VALUES ('Elder', 'one', $1, $2, 0, 5, 'old', 'abcdefgh', 3)`,
    [epoch, version],
  );
  for (const [name, hex] of Object.entries(fields)) {
    await client.query(
      `INSERT INTO ${at}.fields SELECT actor, $1::bytea, $2::bytea FROM ${at}.actors`,
      [Buffer.from(name), Buffer.from(hex, "hex")],
    );
  }
  const due = goldenDueEntries();
  for (const { entry } of due) {
    const names = [entry.address.type, entry.address.id, entry.name, entry.tag];
    await client.query(
      `INSERT INTO ${at}.due (bucket, due_at, type, id, name, tag) VALUES ($1, $2, $3, $4, $5, $6)`,
      [entry.bucket, entry.dueAt, ...names.map((name) => Buffer.from(name))],
    );
  }

  const stores = await openPostgresStores({
    url: postgres.url,
    cluster: CLUSTER,
    clock: systemClock,
    logger: silentLogger,
  });
  onTestFinished(() => stores.close());
  const claimed = await stores.stateStore.claim(
    { type: "Elder", id: "one" },
    { revision: 7, siloId: "new" },
  );
  expect(claimed).toMatchObject({ kind: "claimed", epoch: epoch + 1, version });
  const read = claimed.kind === "claimed" ? [...claimed.fields] : [];
  expect(new Map(read.map(([name, bytes]) => [name, Uint8Array.from(bytes)]))).toEqual(
    new Map(Object.entries(fields).map(([name, hex]) => [name, goldenBytes(hex)])),
  );
  const found = await stores.reminderStore.due([0, 17, 1_023, 1_024], Number.MAX_SAFE_INTEGER, 10);
  const entries = due.map(({ entry }) => entry);
  expect(found).toEqual(entries.toSorted((one, other) => one.dueAt - other.dueAt));
});
