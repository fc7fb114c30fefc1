import { TroupeError } from "@troupe/core";

/** Where a Redis is, and who we are to it. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly database: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly tls: boolean;
  /** For messages and logs: without the password. */
  readonly label: string;
}

export const REDIS_URL_FORM = "redis://[user:password@]host[:port][/database], or rediss:// for TLS";

/** The address in a URL; throws `BAD_CONFIG` with the right form if it is none. */
export function parseRedisUrl(text: string): RedisAddress {
  const url = URL.parse(text);
  const database = Number(url?.pathname.slice(1) ?? "");
  if (url === null || !["redis:", "rediss:"].includes(url.protocol) || url.hostname === "" || !Number.isInteger(database)) {
    throw new TroupeError("BAD_CONFIG", `${withoutPassword(text)} is no URL of a Redis; write ${REDIS_URL_FORM}`);
  }
  const port = url.port === "" ? 6379 : Number(url.port);
  const label = `${url.hostname}:${port}${database === 0 ? "" : `/${database}`}`;
  return {
    // An IPv6 address stands in brackets in a URL, and without them everywhere else.
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port,
    database,
    username: decoded(url.username),
    password: decoded(url.password),
    tls: url.protocol === "rediss:",
    label,
  };
}

function decoded(part: string): string | undefined {
  if (part === "") return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    throw new TroupeError("BAD_CONFIG", "the user or password in the URL of Redis has a % without a code; write % as %25");
  }
}

function withoutPassword(text: string): string {
  return text.replace(/\/\/.*@/, "//…@");
}
