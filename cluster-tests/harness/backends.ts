import { startEtcd, startRedis, type StartOptions, type TestService } from "@troupe/services";

/** Where clusters keep members and state: a folder of the machine, or an etcd and a Redis. */
export type Flavour = "embedded" | "servers";

export const FLAVOURS: readonly Flavour[] = ["embedded", "servers"];

/** The real etcd and the real Redis of a test file. */
export interface Servers {
  readonly etcd: TestService;
  readonly redis: TestService;
}

export interface Locations {
  readonly membership: string;
  readonly storage: string;
}

export async function startServers(options?: StartOptions): Promise<Servers> {
  const [etcd, redis] = await Promise.all([startEtcd(options), startRedis(options)]);
  return { etcd, redis };
}

export async function stopServers(servers: Servers): Promise<void> {
  await Promise.all([servers.etcd.stop(), servers.redis.stop()]);
}

/** The URLs for a cluster: both in the folder, or the servers'. */
export function locationsOf(folder: string, servers: Servers | undefined): Locations {
  return serverLocations(folder, servers && { etcd: servers.etcd, store: servers.redis });
}

/** Where members and state are, if they are not in a folder. */
export interface Backends {
  readonly etcd: TestService;
  /** A Redis, or another server that keeps state. */
  readonly store: TestService;
}

/** The same for a server of any kind that keeps the state. */
export function serverLocations(folder: string, servers: Backends | undefined): Locations {
  if (servers === undefined) return { membership: `file:${folder}`, storage: `file:${folder}` };
  return { membership: servers.etcd.url.replace(/^http:/, "etcd:"), storage: servers.store.url };
}
