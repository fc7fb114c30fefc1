import type { Provider } from "@troupe/core";
import { type EtcdAddress, parseEtcdUrl } from "./etcd-url.ts";

/** `etcd://host:2379,host:2379`: the members of a cluster of machines. */
export const etcdProvider: Provider<EtcdAddress> = {
  name: "etcd",
  schemes: ["etcd", "etcds"],
  example: "etcd://host:2379,host:2379",
  reach: "network",
  parse: parseEtcdUrl,
  clusters: async (address, { clock }) => {
    const { listEtcdClusters } = await import("./list-etcd-clusters.ts");
    return listEtcdClusters({ ...address, clock });
  },
  openMembership: async (address, { cluster, clock, logger }) => {
    const { openEtcdMembership } = await import("./open-etcd-membership.ts");
    return openEtcdMembership({ ...address, cluster, clock, logger });
  },
};
