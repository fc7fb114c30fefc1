import type { Clock } from "@troupe/core";
import type { Database } from "lmdb";
import { writeIfUnchanged } from "./conditional-write.ts";
import type { Environment } from "./environment.ts";
import type { MemberTable } from "./member-table.ts";
import type { WriteGate } from "./write-gate.ts";

export interface MemberTableStoreOptions {
  readonly environment: Environment;
  readonly gate: WriteGate;
  readonly clock: Clock;
  /** Revision of the table as long as nothing was written. */
  readonly firstRevision: number;
}

/** The next table, or the same one if nothing changes, and what the caller is told. */
export interface TableChange<T> {
  readonly next: MemberTable;
  readonly result: T;
}

const KEY = Buffer.from("table");

/**
 * How long a change is tried while others come first: they take a fraction of a millisecond, so
 * this never happens.
 */
const CONTENTION_MS = 5_000;

/** The table of members in its lmdb environment, for several processes at once. */
export class MemberTableStore {
  readonly #options: MemberTableStoreOptions;
  readonly #tables: Database<MemberTable, Buffer>;

  constructor(options: MemberTableStoreOptions) {
    this.#options = options;
    const { root } = options.environment;
    this.#tables = root.openDB<MemberTable, Buffer>({
      name: "troupe-members",
      keyEncoding: "binary",
      encoding: "json",
      useVersions: true,
    });
  }

  /**
   * Replaces the table by what `decide` makes of it, in one step; `decide` runs again if another
   * process was first.
   */
  async change<T>(
    decide: (table: MemberTable) => TableChange<T>,
  ): Promise<{ readonly table: MemberTable; readonly result: T }> {
    const { environment, gate, clock, firstRevision } = this.#options;
    const startedAt = clock.monotonic();
    do {
      if (environment.isClosed) throw gate.unavailable("it is closed");
      const { table, version } = this.#read(firstRevision);
      const { next, result } = decide(table);
      if (next === table) return { table, result };
      const put = (): void => void this.#tables.put(KEY, next, (version ?? 0) + 1);
      if (await gate.run(() => writeIfUnchanged(this.#tables, KEY, version, put)))
        return { table: next, result };
    } while (clock.monotonic() - startedAt < CONTENTION_MS);
    throw gate.unavailable("other processes keep changing the members");
  }

  async close(): Promise<void> {
    await this.#options.gate.idle();
    await this.#options.environment.close();
  }

  #read(firstRevision: number): {
    readonly table: MemberTable;
    readonly version: number | undefined;
  } {
    try {
      // Another process may have written since this one last read.
      this.#tables.resetReadTxn();
      const entry = this.#tables.getEntry(KEY);
      return {
        table: entry?.value ?? { revision: firstRevision, records: [] },
        version: entry?.version,
      };
    } catch (error) {
      throw this.#options.gate.unavailable("it cannot be read", error);
    }
  }
}
