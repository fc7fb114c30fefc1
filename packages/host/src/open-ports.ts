import { join } from "node:path";
import type { ClientPorts } from "@troupe/client";
import {
  Authentication,
  type Logger,
  type MembershipProvider,
  type ReminderStore,
  type StateStore,
  systemClock,
  systemRandom,
  type Transport,
} from "@troupe/core";
import { Closers } from "./closers.ts";
import type { MembershipLocation, StorageLocation } from "./config/provider-url.ts";
import type { Settings } from "./config/settings.ts";
import { renewedCertificates } from "./renewed-certificates.ts";

/** Ports that this package opened, and so has to close. */
export interface OpenPorts<P> {
  readonly ports: P;
  /** Closes them all. Closing twice is harmless. */
  readonly close: () => Promise<void>;
}

interface StoragePorts {
  readonly stateStore: StateStore;
  readonly reminderStore: ReminderStore;
}

// Providers are imported when they are needed: together they take longer to load than a silo takes
// to start.

const clock = systemClock;

/** Opens what a client needs. Rejects within seconds if the membership cannot be reached. */
export function openClientPorts(
  settings: Settings,
  logger: Logger,
): Promise<OpenPorts<ClientPorts>> {
  return openAll(async (closers) => openShared(settings, logger, closers));
}

/** Opens what a silo needs. Rejects within seconds if one of the stores cannot be reached. */
export function openSiloPorts(
  settings: Settings,
  logger: Logger,
): Promise<OpenPorts<ClientPorts & StoragePorts>> {
  return openAll(async (closers) => {
    if (settings.membership.kind === "etcd" && settings.storage.kind === "file") {
      logger.warn(
        { folder: settings.storage.folder },
        "storage is a folder of this machine, which silos of other machines do not see",
      );
    }
    const shared = await openShared(settings, logger, closers);
    return {
      ...shared,
      ...(await openStorage(settings.storage, settings.cluster, logger, closers)),
    };
  });
}

/** Closes what was opened already if the rest cannot be. */
async function openAll<P>(open: (closers: Closers) => Promise<P>): Promise<OpenPorts<P>> {
  const closers = new Closers();
  try {
    const ports = await open(closers);
    return { ports, close: () => closers.close() };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

async function openShared(
  settings: Settings,
  logger: Logger,
  closers: Closers,
): Promise<ClientPorts> {
  const membership = closers.add(
    await openMembership(settings.membership, settings.cluster, logger),
  );
  const transport = closers.add(await openTransport(settings, logger));
  return { clock, random: systemRandom, logger, transport, membership };
}

async function openMembership(
  location: MembershipLocation,
  cluster: string,
  logger: Logger,
): Promise<MembershipProvider> {
  switch (location.kind) {
    case "file": {
      const { openEmbeddedMembership } = await import("@troupe/embedded");
      return openEmbeddedMembership(clusterFolder(location.folder, cluster), { clock, logger });
    }
    case "memory": {
      const { openMemoryMembership } = await import("./memory-cluster.ts");
      return openMemoryMembership(location.name, cluster);
    }
    case "etcd": {
      const { openEtcdMembership, parseEtcdUrl } = await import("@troupe/etcd");
      return openEtcdMembership({ ...parseEtcdUrl(location.url), cluster, clock, logger });
    }
  }
}

async function openStorage(
  location: StorageLocation,
  cluster: string,
  logger: Logger,
  closers: Closers,
): Promise<StoragePorts> {
  switch (location.kind) {
    case "file": {
      const { openEmbeddedStores } = await import("@troupe/embedded");
      const stores = await openEmbeddedStores(clusterFolder(location.folder, cluster), {
        clock,
        logger,
      });
      return {
        stateStore: closers.add(stores.state),
        reminderStore: closers.add(stores.reminders),
      };
    }
    case "memory": {
      const { openMemoryStores } = await import("./memory-cluster.ts");
      const stores = openMemoryStores(location.name, cluster);
      return {
        stateStore: closers.add(stores.state),
        reminderStore: closers.add(stores.reminders),
      };
    }
    case "redis": {
      const { openRedisStores } = await import("@troupe/redis");
      return closers.add(await openRedisStores({ url: location.url, cluster, clock, logger }));
    }
  }
}

/**
 * Silos whose membership is in memory are all in this process, and so is the network between them.
 */
async function openTransport(
  { membership, cluster, tls, access }: Settings,
  logger: Logger,
): Promise<Transport> {
  const { secrets, certificateRoles } = access;
  const authentication = new Authentication({ cluster, secrets, certificateRoles });
  if (membership.kind === "memory") {
    const { openMemoryTransport } = await import("./memory-cluster.ts");
    return openMemoryTransport(membership.name, cluster, authentication);
  }
  const { createGrpcTransport } = await import("@troupe/grpc");
  return createGrpcTransport({
    clock,
    logger,
    authentication,
    ...(tls === undefined ? {} : { tls: renewedCertificates(tls, { clock, logger }) }),
  });
}

/** One folder may serve several clusters, which share nothing. */
function clusterFolder(folder: string, cluster: string): string {
  return join(folder, cluster);
}
