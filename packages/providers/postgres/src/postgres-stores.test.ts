import { silentLogger, systemClock } from "@troupe/core";
import {
  reminderStoreSuite,
  stateStoreSuite,
  storesSuite,
  type StoreSubject,
} from "@troupe/conformance";
import { startPostgres, type TestService } from "@troupe/services";
import { Client } from "pg";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll } from "vitest";
import { openPostgresStores, type PostgresStores } from "./open-postgres-stores.ts";
import { quoted, schemaOf } from "./schema-name.ts";

let postgres: TestService;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

/** A cluster of its own, since all tests share one PostgreSQL. */
async function openSubject<S>(pick: (stores: PostgresStores) => S): Promise<StoreSubject<S>> {
  const cluster = `test-${randomUUID()}`;
  const opened: PostgresStores[] = [];
  return {
    async openHandle() {
      const stores = await openPostgresStores({
        url: postgres.url,
        cluster,
        clock: systemClock,
        logger: silentLogger,
      });
      opened.push(stores);
      return pick(stores);
    },
    async dispose() {
      for (const stores of opened) await stores.close();
      await dropSchema(cluster);
    },
  };
}

async function dropSchema(cluster: string): Promise<void> {
  const client = new Client(postgres.url);
  await client.connect();
  await client.query(`DROP SCHEMA ${quoted(schemaOf(cluster))} CASCADE`);
  await client.end();
}

stateStoreSuite({ name: "postgres", open: () => openSubject((stores) => stores.stateStore) });
reminderStoreSuite({ name: "postgres", open: () => openSubject((stores) => stores.reminderStore) });
storesSuite({
  name: "postgres",
  open: () =>
    openSubject(({ stateStore, reminderStore }) => ({
      state: stateStore,
      reminders: reminderStore,
    })),
});
