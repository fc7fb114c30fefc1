import { TroupeError } from "@troupe/core";

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** Where a Redis is, and who we are to it. */
export interface RedisAddress {
  /** One, or some nodes of a Redis Cluster, which name the others. */
  readonly nodes: readonly RedisNode[];
  readonly isCluster: boolean;
  readonly database: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly tls: boolean;
  /** For messages and logs: without the password. */
  readonly label: string;
}

export const REDIS_URL_FORM =
  "redis://[user:password@]host[:port][/database], redis+cluster://[user:password@]host:port,host:port for a Redis Cluster, or rediss for TLS";

const URL_PARTS = /^(rediss?)(\+cluster)?:\/\/(?:([^/]*)@)?([^@/?#]+)(?:\/(\d*))?$/i;

/**
 * The address in a URL; throws `BAD_CONFIG` with the right form if it is none. Several hosts are
 * those of a Redis Cluster.
 */
export function parseRedisUrl(text: string): RedisAddress {
  const [, scheme = "", plus, credentials = "", hosts = "", database = ""] =
    URL_PARTS.exec(text) ?? [];
  const nodes = hosts.split(",").map((host) => parseNode(host));
  const known = nodes.filter((node) => node !== undefined);
  if (known.length < nodes.length) {
    throw new TroupeError(
      "BAD_CONFIG",
      `${withoutPassword(text)} is no URL of a Redis; write ${REDIS_URL_FORM}`,
    );
  }
  const isCluster = plus !== undefined || nodes.length > 1;
  if (isCluster && Number(database) !== 0) {
    throw new TroupeError(
      "BAD_CONFIG",
      `${withoutPassword(text)}: a Redis Cluster has database 0 only; leave /${database} out`,
    );
  }
  const [username = "", ...password] = credentials.split(":");
  const label = known
    .map(({ host, port }) => `${host.includes(":") ? `[${host}]` : host}:${port}`)
    .join(",");
  return {
    nodes: known,
    isCluster,
    database: Number(database),
    username: decoded(username),
    password: decoded(password.join(":")),
    tls: scheme.toLowerCase() === "rediss",
    label: Number(database) === 0 ? label : `${label}/${database}`,
  };
}

function parseNode(text: string): RedisNode | undefined {
  const url = URL.parse(`redis://${text}`);
  if (url === null || url.hostname === "") return undefined;
  // An IPv6 address stands in brackets in a URL, and without them everywhere else.
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? 6379 : Number(url.port),
  };
}

function decoded(part: string): string | undefined {
  if (part === "") return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    throw new TroupeError(
      "BAD_CONFIG",
      "the user or password in the URL of Redis has a % without a code; write % as %25",
    );
  }
}

function withoutPassword(text: string): string {
  return text.replace(/\/\/.*@/, "//…@");
}
