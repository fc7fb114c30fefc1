import {
  type ComponentContext,
  componentType,
  type ComponentType,
  type SettingsOf,
} from "@troupe/core";
import { POSTGRES_IGNORED, POSTGRES_METADATA, postgresAddress } from "./postgres-address.ts";
import type { PostgresPool } from "./postgres-pool.ts";
import { tableName } from "./table-name.ts";

const INSTALL = "Install `@troupe/components-postgres` and `pg`.";

const stateType = componentType({
  type: "state.postgresql",
  block: "state",
  versions: ["v2"],
  summary: "Items in PostgreSQL, stored as Dapr stores them.",
  notes: `${INSTALL} An item is a row of the table that Dapr's version 2 makes, with its value as JSON in \`value\`, so Dapr and Troupe can work on the same data. The version 1 of Dapr's store, with another table, is not supported. Lifetimes go by the clock of the server; what is over is removed later. Listing keys reads the whole table.`,
  metadata: {
    ...POSTGRES_METADATA,
    tablePrefix: {
      kind: "text",
      default: "",
      doc: "Before the name of the table, `state`; `schema.` puts it into a schema.",
    },
    metadataTableName: {
      kind: "text",
      default: "dapr_metadata",
      doc: "The table in which Dapr notes which tables it has made.",
    },
    cleanupInterval: {
      kind: "duration",
      default: "1h",
      doc: "How often what is over is removed. 0: never.",
    },
  },
  ignored: POSTGRES_IGNORED,
  open: async (settings, context) => {
    const { tablePrefix, metadataTableName, cleanupInterval } = settings;
    const tables = {
      state: tableName(`${tablePrefix}state`, "tablePrefix"),
      metadata: tableName(metadataTableName, "metadataTableName"),
      note: `migrations-state-v2-${tablePrefix}`,
    };
    const { PostgresState } = await import("./postgres-state.ts");
    const { clock, logger } = context;
    const pool = await connect(settings, context);
    return await PostgresState.open(pool, { tables, cleanupMs: cleanupInterval, clock, logger });
  },
});

const configurationType = componentType({
  type: "configuration.postgresql",
  block: "configuration",
  summary: "Settings in PostgreSQL, stored as Dapr stores them.",
  notes: `${INSTALL} A setting is a row with \`key\`, \`value\` and \`version\`; the table has to be there. Changes are heard if \`pgNotifyChannel\` is given, and a trigger of the table notifies it. Dapr takes the channel from who subscribes. A watch that is cut is noticed within seconds.`,
  metadata: {
    ...POSTGRES_METADATA,
    table: { kind: "text", required: true, doc: "The table of the settings." },
    pgNotifyChannel: { kind: "text", doc: "The channel on which changes are told." },
  },
  ignored: POSTGRES_IGNORED,
  open: async (settings, context) => {
    const { table, pgNotifyChannel } = settings;
    const options = {
      table: tableName(table, "table"),
      channel: pgNotifyChannel && tableName(pgNotifyChannel, "pgNotifyChannel"),
      clock: context.clock,
    };
    const { PostgresConfiguration } = await import("./postgres-configuration.ts");
    const pool = await connect(settings, context);
    const store = new PostgresConfiguration(pool, options);
    try {
      await store.get([""]);
      return store;
    } catch (error) {
      await store.close();
      throw error;
    }
  },
});

const bindingType = componentType({
  type: "bindings.postgresql",
  block: "bindings",
  summary: "Statements of SQL.",
  notes: `${INSTALL} \`exec\` and \`query\` take the statement as \`sql\` in the metadata of the call, and its parameters as \`params\`, a JSON list: \`invoke("query", undefined, { sql: "SELECT * FROM orders WHERE id = $1", params: "[17]" })\`. Never put a value into the statement. \`query\` gives the rows as lists, in JSON; \`exec\` gives \`rows-affected\` in its metadata. What the server refuses is \`BINDING_FAILED\` with its SQLSTATE. A statement that nobody waits for any more is ended. \`close\` closes the connections for good, as Dapr's does.`,
  metadata: POSTGRES_METADATA,
  ignored: POSTGRES_IGNORED,
  open: async (settings, context) => {
    const { PostgresBinding } = await import("./postgres-binding.ts");
    return new PostgresBinding(await connect(settings, context));
  },
});

async function connect(
  settings: SettingsOf<typeof POSTGRES_METADATA>,
  { logger }: ComponentContext,
): Promise<PostgresPool> {
  const address = postgresAddress(settings);
  const { PostgresPool: Connections } = await import("./postgres-pool.ts");
  return await Connections.open(address, logger);
}

/** The types of components on PostgreSQL: `openComponents({ types: postgresTypes, … })`. */
export const postgresTypes: readonly ComponentType[] = [bindingType, configurationType, stateType];
