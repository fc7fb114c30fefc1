import type { PostgresConnection } from "./postgres-connection.ts";

/**
 * In which ways the settings of a PostgreSQL let it lose what it acknowledged, each with what would
 * help.
 */
export async function durabilityGaps(connection: PostgresConnection): Promise<string[]> {
  const rows = await connection.run({
    name: "settings",
    text: "SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit')",
    values: [],
  });
  const [fsync, fullPages, synchronous] = rows[0] ?? [];
  const gaps: string[] = [];
  if (fsync === "off") gaps.push("it does not wait for its disk; set fsync on");
  if (fullPages === "off") {
    gaps.push(
      "a page of which a crash wrote only half stays damaged; set full_page_writes on unless the file system prevents that",
    );
  }
  if (synchronous === "off")
    gaps.push("it acknowledges before it has written; set synchronous_commit on");
  return gaps;
}
