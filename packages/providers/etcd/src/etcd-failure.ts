import { messageOf, TroupeError } from "@troupe/core";
import {
  EtcdAuthenticationFailedError,
  EtcdInvalidAuthTokenError,
  EtcdLeaseInvalidError,
  EtcdPermissionDeniedError,
  GRPCUnauthenticatedError,
} from "etcd3";

/** True if etcd does not know the lease: it ran out, or was revoked. */
export function isLeaseGone(thrown: unknown): boolean {
  return (
    thrown instanceof EtcdLeaseInvalidError ||
    messageOf(thrown).includes("requested lease not found")
  );
}

/** True if what was asked for is history that etcd has thrown away. */
export function isCompacted(thrown: unknown): boolean {
  return messageOf(thrown).includes("compacted");
}

/** True if etcd is there and refuses who asks, which no waiting ends. */
export function isRefusal(thrown: unknown): boolean {
  const message = messageOf(thrown);
  return (
    thrown instanceof EtcdAuthenticationFailedError ||
    thrown instanceof EtcdInvalidAuthTokenError ||
    thrown instanceof EtcdPermissionDeniedError ||
    thrown instanceof GRPCUnauthenticatedError ||
    message.includes("user name is empty") ||
    message.includes("authentication is not enabled") ||
    message.includes("permission denied")
  );
}

const NO_SPACE =
  "has no space left (NOSPACE) and takes no writes; make room with `etcdctl compact <revision>` and `etcdctl defrag`, then clear the alarm with `etcdctl alarm disarm`";

function remedy(thrown: unknown): string {
  const message = messageOf(thrown);
  if (isRefusal(thrown))
    return "does not allow its user what is needed; check user name and password, and its rights on /troupe/";
  if (message.includes("database space exceeded")) return NO_SPACE;
  if (message.includes("no leader") || message.includes("leader changed"))
    return "has no leader; check that most of its members run";
  return "does not answer; check that it runs, and that host and port are those of its client URL (2379 unless set otherwise)";
}

/** What failed and what helps. `endpoints` are those of the configuration. */
export function etcdFailure(endpoints: string, thrown: unknown): TroupeError {
  const message = `etcd at ${endpoints} ${remedy(thrown)} (${messageOf(thrown)})`;
  return new TroupeError("CLUSTER_UNAVAILABLE", message, { cause: thrown });
}
