import { AdminClient } from "@troupe/admin";
import { TroupeError } from "@troupe/core";
import { awaitCluster, type Cluster, openCluster, type Settings } from "@troupe/host";
import type { Flags } from "./program.ts";
import { refuseMemory, settingsOfCommand } from "./settings-of-command.ts";

/** What a command works with. */
export interface Connected {
  readonly cluster: Cluster;
  /** What the command asks of silos goes through this. */
  readonly admin: AdminClient;
  readonly settings: Settings;
}

/**
 * Connects to the cluster that the flags, the variables and the file name, does the work, and
 * closes what was opened.
 */
export async function withCluster(
  flags: Flags,
  work: (connected: Connected) => Promise<number>,
): Promise<number> {
  const { settings, logger } = settingsOfCommand(flags, "warn");
  refuseMemory(settings);
  // A look must not make the folder of a cluster that never was, and people would rather not wait.
  await awaitCluster(settings, logger, 0);
  // A command asks silos, and needs no database of theirs.
  const cluster = await openCluster({ ...settings, components: undefined }, logger);
  try {
    return await work({ cluster, admin: new AdminClient(cluster), settings });
  } finally {
    await cluster.close();
  }
}

/**
 * The same for a cluster with at least one silo. A call would wait for one, which is right in a
 * program and puzzling on a terminal.
 */
export function withSilos(
  flags: Flags,
  work: (connected: Connected) => Promise<number>,
): Promise<number> {
  return withCluster(flags, (connected) => {
    const { cluster, settings } = connected;
    if (cluster.view.members.length > 0) return work(connected);
    throw new TroupeError("CLUSTER_UNAVAILABLE", noSilo(settings.cluster));
  });
}

export function noSilo(cluster: string): string {
  return `the cluster ${cluster} has no silo; is --membership right, and is one running?`;
}
