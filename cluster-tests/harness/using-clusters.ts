import { afterAll, afterEach, beforeAll } from "vitest";
import { type Flavour, locationsOf, type Servers, startServers, stopServers } from "./backends.ts";
import { ProcessCluster, type ProcessClusterOptions } from "./process-cluster.ts";

/** What the tests of one `describe` get their clusters from. */
export interface Clusters {
  create(options?: ProcessClusterOptions): ProcessCluster;
  /** The etcd and the Redis, if the flavour has them. */
  servers(): Servers;
}

/**
 * Gives clusters to the tests of the surrounding `describe`, on servers that they share. Each
 * cluster is ended after its test, also when that failed or ran out of time; then its logs are
 * shown. `faults` asks for servers that the tests may kill.
 */
export function usingClusters(
  flavour: Flavour,
  { faults = false }: { readonly faults?: boolean } = {},
): Clusters {
  let servers: Servers | undefined;
  let clusters: ProcessCluster[] = [];

  if (flavour === "servers") {
    beforeAll(async () => {
      servers = await startServers({ faults });
    });
    afterAll(async () => {
      if (servers !== undefined) await stopServers(servers);
    });
  }

  afterEach(async ({ task }) => {
    const ended = clusters;
    clusters = [];
    if (task.result?.state === "fail") for (const cluster of ended) console.error(cluster.logs());
    await Promise.all(ended.map((cluster) => cluster.dispose()));
  });

  return {
    create(options) {
      const cluster = new ProcessCluster((folder) => locationsOf(folder, servers), options);
      clusters.push(cluster);
      return cluster;
    },
    servers() {
      if (servers === undefined) throw new Error(`the flavour ${flavour} has no servers`);
      return servers;
    },
  };
}
