import type { ParsedUrl } from "@troupe/core";

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

const URL_PARTS = /^(rediss?)(\+cluster)?:\/\/(?:([^/]*)@)?([^@/?#]+)(?:\/(\d*))?$/i;

const RIGHT_FORMS =
  'give a host, and a database number if any, such as "redis://10.0.0.4:6379/0", or nodes of a Redis Cluster, such as "redis+cluster://10.0.0.4:6379,10.0.0.5:6379"; rediss is for TLS';

/** The address in a URL. Several hosts are those of a Redis Cluster. */
export function parseRedisUrl(text: string): ParsedUrl<RedisAddress> {
  const [, scheme = "", plus, credentials = "", hosts = "", database = ""] =
    URL_PARTS.exec(text) ?? [];
  const found = hosts.split(",").map((host) => parseNode(host));
  const nodes = found.filter((node) => node !== undefined);
  if (nodes.length < found.length) return { kind: "wrong", right: RIGHT_FORMS };
  const isCluster = plus !== undefined || nodes.length > 1;
  if (isCluster && Number(database) !== 0) {
    return {
      kind: "wrong",
      right: `give it without /${database}: a Redis Cluster has database 0 only`,
    };
  }
  const user = decodedUser(credentials);
  if (user === undefined)
    return { kind: "wrong", right: "give the user and the password with every % written as %25" };
  const label = nodes
    .map(({ host, port }) => `${host.includes(":") ? `[${host}]` : host}:${port}`)
    .join(",");
  const location: RedisAddress = {
    nodes,
    isCluster,
    database: Number(database),
    ...user,
    tls: scheme.toLowerCase() === "rediss",
    label: Number(database) === 0 ? label : `${label}/${database}`,
  };
  return { kind: "location", location };
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

function decodedUser(credentials: string): Pick<RedisAddress, "username" | "password"> | undefined {
  const [username = "", ...password] = credentials.split(":");
  try {
    return { username: decoded(username), password: decoded(password.join(":")) };
  } catch {
    return undefined;
  }
}

function decoded(part: string): string | undefined {
  return part === "" ? undefined : decodeURIComponent(part);
}
