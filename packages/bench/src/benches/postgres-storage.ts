import { readFile } from "node:fs/promises";
import { Client } from "pg";
import type { BenchStorage } from "./storage.ts";

/** How often the kernel counts, on every Linux of today. */
const TICKS_PER_SECOND = 100;

/** Where times stand in the line of a process, counted behind its name. */
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;

/** A PostgreSQL of the bench's own, and one connection that does not wait for each answer. */
export async function openPostgres(): Promise<BenchStorage> {
  const { startPostgres } = await import("@troupe/services");
  const service = await startPostgres();
  const client = new Client({ connectionString: service.url, pipeline: true });
  await client.connect();
  await client.query("CREATE TABLE bench (key text PRIMARY KEY, value text)");
  return {
    kind: "postgres",
    url: service.url,
    write: (key, value) =>
      client.query({
        name: "write",
        text: "INSERT INTO bench VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value",
        values: [key, value],
      }),
    load: (key) =>
      client.query({ name: "load", text: "SELECT value FROM bench WHERE key = $1", values: [key] }),
    cpu: () => cpuOf(client),
    async [Symbol.asyncDispose]() {
      await client.query("DROP TABLE bench");
      await client.end();
      await service.stop();
    },
  };
}

/** Microseconds of CPU that the processes of the server have used, but for those that ended. */
async function cpuOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ readonly pid: number }>("SELECT pid FROM pg_stat_activity");
  const used = await Promise.all(rows.map(({ pid }) => cpuOfProcess(pid)));
  return used.reduce((sum, micros) => sum + micros, 0);
}

async function cpuOfProcess(pid: number): Promise<number> {
  try {
    const line = await readFile(`/proc/${pid}/stat`, "utf8");
    const columns = line.slice(line.lastIndexOf(")") + 2).split(" ");
    const ticks = Number(columns[USER_TICKS]) + Number(columns[SYSTEM_TICKS]);
    return (ticks * 1_000_000) / TICKS_PER_SECOND;
  } catch {
    // It runs on another machine, or has ended.
    return 0;
  }
}
