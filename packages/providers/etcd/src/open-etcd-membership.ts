import { TroupeError, type Clock, type Logger } from "@troupe/core";
import { EtcdClient, type EtcdTls } from "./etcd-client.ts";
import { isRefusal } from "./etcd-failure.ts";
import { EtcdMembership } from "./etcd-membership.ts";
import { MemberKeys } from "./member-keys.ts";
import { ViewReader } from "./view-reader.ts";

export interface EtcdMembershipOptions {
  /** `host:port` of each etcd member, or some of them. */
  readonly endpoints: readonly string[];
  /** Clusters of different names share nothing. */
  readonly cluster: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly username?: string;
  readonly password?: string;
  /** Speaks TLS; without it the connection is plain. */
  readonly tls?: EtcdTls;
}

/**
 * Opens the membership of a cluster in etcd. Rejects within seconds: with `CLUSTER_UNAVAILABLE` if
 * no endpoint answers, with `BAD_CONFIG` if an endpoint is not an address or etcd refuses the user.
 */
export async function openEtcdMembership(options: EtcdMembershipOptions): Promise<EtcdMembership> {
  const { cluster, clock, logger } = options;
  checkEndpoints(options.endpoints);
  const client = new EtcdClient(options);
  const keys = new MemberKeys(cluster);
  const reader = new ViewReader({ client, keys, clock, logger });
  try {
    await reader.read();
  } catch (error) {
    client.close();
    throw openFailure(error);
  }
  return new EtcdMembership({ client, keys, reader, clock, logger });
}

function checkEndpoints(endpoints: readonly string[]): void {
  if (endpoints.length === 0)
    throw new TroupeError("BAD_CONFIG", "membership: etcd needs at least one endpoint, host:port");
  for (const endpoint of endpoints) {
    const url = URL.parse(endpoint.includes("://") ? endpoint : `http://${endpoint}`);
    if (url === null || url.hostname === "" || !["http:", "https:"].includes(url.protocol)) {
      throw new TroupeError(
        "BAD_CONFIG",
        `membership: ${endpoint} is no endpoint of etcd; write host:port`,
      );
    }
  }
}

function openFailure(error: unknown): unknown {
  if (!(error instanceof TroupeError) || !isRefusal(error.cause)) return error;
  return new TroupeError("BAD_CONFIG", `membership: ${error.detail}`, { cause: error.cause });
}
