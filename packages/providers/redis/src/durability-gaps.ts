import type { RedisConnection } from "./redis-connection.ts";

type Settings = Readonly<Record<string, string>>;

/**
 * In which ways the settings of a Redis let it lose what it acknowledged, each with what would
 * help.
 */
export async function durabilityGaps(connection: RedisConnection): Promise<string[]> {
  return [...new Set((await readSettings(connection)).flatMap((settings) => gapsOf(settings)))];
}

function gapsOf(settings: Settings): string[] {
  const gaps: string[] = [];
  if (settings.appendonly !== "yes")
    gaps.push("it keeps no append-only file; set appendonly yes and appendfsync always");
  else if (settings.appendfsync !== "always") {
    gaps.push(
      `it syncs its append-only file ${settings.appendfsync ?? "rarely"}; set appendfsync always`,
    );
  }
  const policy = settings["maxmemory-policy"];
  if (settings.maxmemory !== "0" && policy !== "noeviction") {
    gaps.push(
      `it throws data away when its memory is full (${policy}); set maxmemory-policy noeviction`,
    );
  }
  return gaps;
}

/** Of each server; none if they hide their settings, as managed ones often do. */
async function readSettings(connection: RedisConnection): Promise<Settings[]> {
  try {
    return await connection.runOnEach(async (redis) => {
      const names = ["appendonly", "appendfsync", "maxmemory", "maxmemory-policy"];
      const replies = await Promise.all(names.map((name) => redis.config("GET", name)));
      return Object.fromEntries(replies as [string, string][]);
    });
  } catch {
    return [];
  }
}
