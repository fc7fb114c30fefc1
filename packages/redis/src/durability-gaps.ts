import type { RedisConnection } from "./redis-connection.ts";

/** In which ways the settings of a Redis let it lose what it acknowledged, each with what would help. */
export async function durabilityGaps(connection: RedisConnection): Promise<string[]> {
  const settings = await readSettings(connection);
  // A managed Redis often hides its settings, and then nobody knows.
  if (settings === undefined) return [];
  const gaps: string[] = [];
  if (settings.appendonly !== "yes") gaps.push("it keeps no append-only file; set appendonly yes and appendfsync always");
  else if (settings.appendfsync !== "always") {
    gaps.push(`it syncs its append-only file ${settings.appendfsync ?? "rarely"}; set appendfsync always`);
  }
  const policy = settings["maxmemory-policy"];
  if (settings.maxmemory !== "0" && policy !== "noeviction") {
    gaps.push(`it throws data away when its memory is full (${policy}); set maxmemory-policy noeviction`);
  }
  return gaps;
}

async function readSettings(connection: RedisConnection): Promise<Readonly<Record<string, string>> | undefined> {
  try {
    const replies = await connection.run((redis) =>
      Promise.all(["appendonly", "appendfsync", "maxmemory", "maxmemory-policy"].map((name) => redis.config("GET", name))),
    );
    return Object.fromEntries(replies as [string, string][]);
  } catch {
    return undefined;
  }
}
