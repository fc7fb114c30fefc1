import { type MetadataFields, type SettingsOf, TroupeError } from "@troupe/core";

/** Where a Redis is, and how to get in. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly hasTls: boolean;
  readonly database: number;
}

/** The metadata of every component on Redis. The names are Dapr's. */
export const REDIS_METADATA = {
  redisHost: { kind: "text", required: true, doc: "Where the server is: `host:6379`." },
  redisUsername: { kind: "text", doc: "The user. Without it, the default one." },
  redisPassword: { kind: "text", secret: true, doc: "The password of the user." },
  enableTLS: { kind: "boolean", default: "false", doc: "Whether the connection is encrypted." },
  redisDB: { kind: "integer", default: "0", doc: "The number of the database." },
  redisType: {
    kind: "text",
    default: "node",
    choices: ["node"],
    doc: "One server. A Redis Cluster is not supported.",
  },
  failover: {
    kind: "text",
    default: "false",
    choices: ["false"],
    doc: "Sentinels are not supported.",
  },
} as const satisfies MetadataFields;

const OWN_LIMITS = "there is one connection, with limits of its own";

/** What Dapr's components on Redis take besides and what changes nothing here. */
export const REDIS_IGNORED: Readonly<Record<string, string>> = Object.fromEntries(
  [
    "maxRetries",
    "maxRetryBackoff",
    "redisMaxRetries",
    "redisMinRetryInterval",
    "redisMaxRetryInterval",
    "dialTimeout",
    "readTimeout",
    "writeTimeout",
    "poolSize",
    "poolTimeout",
    "maxConnAge",
    "minIdleConns",
    "idleCheckFrequency",
    "idleTimeout",
  ].map((name) => [name, OWN_LIMITS]),
);

const DEFAULT_PORT = 6_379;

/** The address that the metadata gives. Throws `BAD_CONFIG`. */
export function redisAddress(settings: SettingsOf<typeof REDIS_METADATA>): RedisAddress {
  const { redisHost, redisUsername: username, redisPassword: password } = settings;
  const [, host = "", port] = /^(\[[^\]]+\]|[^:\s/@]+)(?::(\d{1,5}))?$/.exec(redisHost) ?? [];
  if (host === "" || Number(port ?? DEFAULT_PORT) > 65_535)
    throw new TroupeError("BAD_CONFIG", "redisHost: give a host and a port, as in localhost:6379");
  if (settings.redisDB < 0) throw new TroupeError("BAD_CONFIG", "redisDB: give 0 or more");
  return {
    host: host.replace(/^\[|\]$/g, ""),
    port: Number(port ?? DEFAULT_PORT),
    username: username === "" ? undefined : username,
    password: password === "" ? undefined : password,
    hasTls: settings.enableTLS,
    database: settings.redisDB,
  };
}
