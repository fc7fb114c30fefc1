import { formatAddress, type RequestEnvelope, TroupeError } from "@troupe/core";
import { describeCall, type OutboundCall } from "./outbound-call.ts";
import { type Placement, SILO_TYPE } from "./placement.ts";
import { ANY_WORKER } from "./worker-call.ts";

/** Why a call has nowhere to go. */
export function nowhere(request: RequestEnvelope, placement: Placement): TroupeError {
  if (request.type === SILO_TYPE)
    return new TroupeError("CLUSTER_UNAVAILABLE", `no silo ${request.id} is in the cluster`);
  const isWorker = placement.workersOf(request.type) !== undefined;
  if (isWorker || (request.id === ANY_WORKER && placement.hosts(request.type)))
    return notAWorker(request.type, isWorker);
  const labels = placement.missingLabels(request.type);
  if (labels !== undefined) {
    const wanted = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
    const message = `no active silo that hosts ${request.type} has the labels ${wanted.join(", ")}; start one with them`;
    return new TroupeError("NO_SUITABLE_SILO", message);
  }
  const message = `no active silo hosts the actor type ${request.type}; add its class to the actors of a silo`;
  return new TroupeError("NO_SUCH_ACTOR_TYPE", message);
}

/** It was called as a worker and is none, or the other way round. */
function notAWorker(type: string, isWorker: boolean): TroupeError {
  const message = isWorker
    ? `${type} is a stateless worker; call it by worker(${type})`
    : `${type} is no stateless worker; call it by actor(${type}, id)`;
  return new TroupeError("BAD_CONFIG", message);
}

/** Why a call has not ended by its deadline. `target` is the silo that has it. */
export function timeoutOf(
  call: OutboundCall,
  target: string | undefined,
  placement: Placement,
  cluster: string | undefined,
): TroupeError {
  const what = describeCall(call.request);
  if (target !== undefined)
    return new TroupeError(
      "TIMEOUT",
      `${what} got no answer from silo ${target} before its deadline`,
    );
  if (!placement.hasActiveMember) {
    const where = cluster === undefined ? "" : ` of the cluster ${cluster}`;
    const message = `no silo${where} was active before the deadline of ${what}; start one`;
    return new TroupeError("CLUSTER_UNAVAILABLE", message);
  }
  const { type } = call.request;
  if (!placement.hosts(type) && placement.waitingHostsOf(type).length > 0) {
    const message = `${what}: no silo runs a definition of ${type} that may be in force; troupe deploys lists what runs`;
    return new TroupeError("TIMEOUT", message, { ran: "no" });
  }
  const owner = call.ownerIn(placement);
  const message = `${what} could not be sent to silo ${owner ?? "(none)"}, which owns ${formatAddress(call.request)}, before its deadline`;
  return new TroupeError("TIMEOUT", message, { ran: "no" });
}
