import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseHostPort } from "./host-port.ts";

/** A provider and where it finds its data, from a URL that a user wrote. */
export type FolderLocation = { readonly kind: "file"; readonly folder: string };
export type MemoryLocation = { readonly kind: "memory"; readonly name: string };
/** The URL as it was given; its form was checked, and its provider reads what is in it. */
export type EtcdLocation = { readonly kind: "etcd"; readonly url: string };
export type RedisLocation = { readonly kind: "redis"; readonly url: string };

export type MembershipLocation = FolderLocation | MemoryLocation | EtcdLocation;
export type StorageLocation = FolderLocation | MemoryLocation | RedisLocation;

/** A location, or what would be right instead. */
export type Parsed<T> =
  | { readonly kind: "location"; readonly location: T }
  | { readonly kind: "wrong"; readonly right: string };

const MEMBERSHIP_FORMS =
  '"file:./folder" (one machine) or "etcd://host:2379,host:2379" (a cluster)';
const STORAGE_FORMS = '"file:./folder" (one machine) or "redis://host:6379" (a cluster)';

const REDIS_FORMS =
  'give a host, and a database number if any, such as "redis://10.0.0.4:6379/0", or nodes of a Redis Cluster, such as "redis+cluster://10.0.0.4:6379,10.0.0.5:6379"';
const REDIS_URL = /^rediss?(\+cluster)?:\/\/(?:([^/]*)@)?([^@/?#]+)(?:\/(\d*))?$/i;

/** Reads the URL of a membership provider. */
export function parseMembershipUrl(text: string): Parsed<MembershipLocation> {
  const scheme = schemeOf(text);
  if (scheme === "etcd" || scheme === "etcds") return parseEtcd(text);
  if (isRedis(scheme)) {
    return { kind: "wrong", right: `Redis holds storage, not members; give ${MEMBERSHIP_FORMS}` };
  }
  return parseLocal(text, MEMBERSHIP_FORMS);
}

/** Reads the URL of a storage provider. */
export function parseStorageUrl(text: string): Parsed<StorageLocation> {
  const scheme = schemeOf(text);
  if (isRedis(scheme)) return parseRedis(text);
  if (scheme === "etcd" || scheme === "etcds")
    return { kind: "wrong", right: `etcd holds members, not storage; give ${STORAGE_FORMS}` };
  return parseLocal(text, STORAGE_FORMS);
}

function schemeOf(text: string): string | undefined {
  return /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase();
}

function isRedis(scheme: string | undefined): boolean {
  return scheme !== undefined && /^rediss?(\+cluster)?$/.test(scheme);
}

function parseLocal(text: string, forms: string): Parsed<FolderLocation | MemoryLocation> {
  const rest = text.slice(text.indexOf(":") + 1);
  const scheme = schemeOf(text);
  if (scheme === "memory")
    return { kind: "location", location: { kind: "memory", name: rest.replace(/^\/\//, "") } };
  if (scheme !== "file" || rest === "" || rest === "//")
    return { kind: "wrong", right: `give ${forms}` };
  if (!rest.startsWith("//"))
    return { kind: "location", location: { kind: "file", folder: resolve(rest) } };
  try {
    return { kind: "location", location: { kind: "file", folder: fileURLToPath(text) } };
  } catch {
    // `file://data` would name a machine called data.
    return {
      kind: "wrong",
      right: 'give "file:./folder" for a relative path or "file:///folder" for an absolute one',
    };
  }
}

function parseEtcd(text: string): Parsed<EtcdLocation> {
  const [, credentials = "", list] = /^etcds?:\/\/(?:([^@/]*)@)?([^/?#]+)\/?$/i.exec(text) ?? [];
  const hosts = list
    ?.split(",")
    .map((host) => parseHostPort(/:\d+$/.test(host) ? host : `${host}:1`));
  if (hosts === undefined || hosts.some((host) => host === undefined || host.port === 0)) {
    return {
      kind: "wrong",
      right: 'give hosts with their ports, such as "etcd://10.0.0.2:2379,10.0.0.3:2379"',
    };
  }
  return isDecodable(credentials)
    ? { kind: "location", location: { kind: "etcd", url: text } }
    : WRONG_CREDENTIALS;
}

function parseRedis(text: string): Parsed<RedisLocation> {
  const [, plus, credentials = "", hosts = "", database = ""] = REDIS_URL.exec(text) ?? [];
  const nodes = hosts
    .split(",")
    .map((host) => parseHostPort(/:\d+$/.test(host) ? host : `${host}:6379`));
  if (nodes.some((node) => node === undefined)) return { kind: "wrong", right: REDIS_FORMS };
  if ((plus !== undefined || nodes.length > 1) && Number(database) !== 0) {
    return {
      kind: "wrong",
      right: `give it without /${database}: a Redis Cluster has database 0 only`,
    };
  }
  return isDecodable(credentials)
    ? { kind: "location", location: { kind: "redis", url: text } }
    : WRONG_CREDENTIALS;
}

const WRONG_CREDENTIALS = {
  kind: "wrong",
  right: "give the user and the password with every % written as %25",
} as const;

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
