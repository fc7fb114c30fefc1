import { readFileSync } from "node:fs";
import { messageOf, type MetadataFields, type SettingsOf, TroupeError } from "@troupe/core";

/** The metadata of every type of this package. */
export const POSTGRES_METADATA = {
  connectionString: {
    kind: "text",
    required: true,
    secret: true,
    doc: "`postgres://user:password@host:5432/database?sslmode=verify-full`, or `host=… user=… password=… port=… database=…`.",
  },
  timeout: { kind: "duration", default: "5s", doc: "How long a statement may take." },
  maxConns: { kind: "integer", default: "10", doc: "Connections at most." },
  connectionMaxIdleTime: {
    kind: "duration",
    default: "30s",
    doc: "After so long a connection that nobody uses is closed.",
  },
} as const satisfies MetadataFields;

/** Metadata of Dapr's that changes nothing here. */
export const POSTGRES_IGNORED = {
  queryExecMode: "statements are always sent with their parameters apart",
  useAzureAD: "only passwords are supported",
  useAWSIAM: "only passwords are supported",
};

/** Where a server is, and how to speak to it. */
export interface PostgresAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly database: string | undefined;
  readonly tls: false | { readonly rejectUnauthorized: boolean; readonly ca?: string };
  readonly timeoutMs: number;
  readonly connectionsMax: number;
  readonly idleMs: number;
}

const DEFAULT_PORT = 5_432;

const PAIR = /([a-z_]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|([^\s']\S*))/gy;

const SPACE = /\s*/y;

/** Reads the metadata. Throws `BAD_CONFIG`, which does not show the connection string. */
export function postgresAddress(settings: SettingsOf<typeof POSTGRES_METADATA>): PostgresAddress {
  const { connectionString, timeout, maxConns, connectionMaxIdleTime } = settings;
  const isUrl = /^postgres(?:ql)?:\/\//.test(connectionString);
  const given = isUrl ? fromUrl(connectionString) : fromPairs(connectionString);
  const port = given.get("port") ?? String(DEFAULT_PORT);
  if (!/^\d+$/.test(port)) throw wrong("its port is no number");
  if (maxConns < 1) throw new TroupeError("BAD_CONFIG", "maxConns: give 1 or more");
  return {
    host: given.get("host") ?? "localhost",
    port: Number(port),
    user: given.get("user"),
    password: given.get("password"),
    database: given.get("database") ?? given.get("dbname"),
    tls: tlsOf(given.get("sslmode") ?? "prefer", given.get("sslrootcert")),
    timeoutMs: timeout,
    connectionsMax: maxConns,
    idleMs: connectionMaxIdleTime,
  };
}

function fromUrl(text: string): ReadonlyMap<string, string> {
  if (!URL.canParse(text)) throw wrong("it is no URL");
  const { hostname, port, username, password, pathname, searchParams } = new URL(text);
  const parts = {
    host: hostname,
    port,
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
  };
  return new Map([...searchParams, ...Object.entries(parts).filter(([, value]) => value !== "")]);
}

function fromPairs(text: string): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  let at = 0;
  while (at < text.length) {
    PAIR.lastIndex = at;
    const match = PAIR.exec(text);
    if (match === null) throw wrong("give a URL, or pairs such as host=db user=shop");
    const [, name = "", quoted, plain = ""] = match;
    pairs.set(name, quoted?.replaceAll(/\\(.)/g, "$1") ?? plain);
    SPACE.lastIndex = PAIR.lastIndex;
    at = PAIR.lastIndex + (SPACE.exec(text)?.[0].length ?? 0);
  }
  return pairs;
}

function tlsOf(mode: string, roots: string | undefined): PostgresAddress["tls"] {
  switch (mode) {
    case "disable":
    case "allow":
    case "prefer":
      return false;
    case "require":
      return { rejectUnauthorized: false };
    case "verify-ca":
    case "verify-full":
      return { rejectUnauthorized: true, ...(roots === undefined ? {} : { ca: rootsIn(roots) }) };
    default:
      throw wrong("its sslmode is none of disable, allow, prefer, require, verify-ca, verify-full");
  }
}

function rootsIn(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw wrong(`its sslrootcert cannot be read: ${messageOf(error)}`);
  }
}

function wrong(why: string): TroupeError {
  return new TroupeError("BAD_CONFIG", `connectionString cannot be used: ${why}`);
}
