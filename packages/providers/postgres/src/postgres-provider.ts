import type { Provider } from "@troupe/core";
import { parsePostgresUrl, type PostgresAddress } from "./postgres-address.ts";

/** `postgres://host:5432/database`: the state and the reminders of a cluster of machines. */
export const postgresProvider: Provider<PostgresAddress> = {
  name: "PostgreSQL",
  schemes: ["postgres", "postgresql"],
  example: "postgres://host:5432/database",
  reach: "network",
  parse: parsePostgresUrl,
  openStores: async (address, context) => {
    const { openStoresAt } = await import("./open-postgres-stores.ts");
    const { stateStore: state, reminderStore: reminders } = await openStoresAt(address, context);
    return { state, reminders };
  },
};
