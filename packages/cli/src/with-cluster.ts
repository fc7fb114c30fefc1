import { TroupeError } from "@troupe/core";
import type { Settings } from "@troupe/host";
import { type Cluster, openCluster } from "@troupe/host";
import type { Flags } from "./program.ts";
import { refuseMemory, settingsOfCommand } from "./settings-of-command.ts";

/**
 * Connects to the cluster that the flags, the variables and the file name, does the work, and
 * closes what was opened.
 */
export async function withCluster(
  flags: Flags,
  work: (cluster: Cluster, settings: Settings) => Promise<number>,
): Promise<number> {
  const { settings, logger } = settingsOfCommand(flags, "warn");
  refuseMemory(settings);
  const cluster = await openCluster(settings, logger);
  try {
    return await work(cluster, settings);
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
  work: (cluster: Cluster, settings: Settings) => Promise<number>,
): Promise<number> {
  return withCluster(flags, (cluster, settings) => {
    if (cluster.view.members.length > 0) return work(cluster, settings);
    throw new TroupeError("CLUSTER_UNAVAILABLE", noSilo(settings.cluster));
  });
}

export function noSilo(cluster: string): string {
  return `the cluster ${cluster} has no silo; is --membership right, and is one running?`;
}
