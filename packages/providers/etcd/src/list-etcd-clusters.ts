import { TroupeError } from "@troupe/core";
import { EtcdClient, type EtcdClientOptions } from "./etcd-client.ts";
import { isRefusal } from "./etcd-failure.ts";
import { ALL_CLUSTERS, clusterOf } from "./member-keys.ts";

/**
 * Names of the clusters that have had a silo in this etcd; undefined if etcd does not let the user
 * see other clusters. Rejects with `CLUSTER_UNAVAILABLE` within seconds if no endpoint answers.
 */
export async function listEtcdClusters(
  options: EtcdClientOptions,
): Promise<readonly string[] | undefined> {
  const client = new EtcdClient(options);
  try {
    const { kvs } = await client.range({ ...ALL_CLUSTERS, keys_only: true });
    const names = kvs.map(({ key }) => clusterOf(key)).filter((name) => name !== undefined);
    return [...new Set(names)].toSorted();
  } catch (error) {
    if (error instanceof TroupeError && isRefusal(error.cause)) return undefined;
    throw error;
  } finally {
    client.close();
  }
}
