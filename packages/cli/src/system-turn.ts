import { type ActorAddress, formatAddress, TroupeError } from "@troupe/core";
import type { Cluster } from "@troupe/host";

/**
 * Runs one of the turns that a silo itself offers for every actor, such as `$reminders`. It wakes
 * the actor.
 */
export async function systemTurn(
  cluster: Pick<Cluster, "actor">,
  { type, id }: ActorAddress,
  method: `$${string}`,
  args: readonly unknown[] = [],
): Promise<unknown> {
  const turn = cluster.actor(type, id)[method];
  if (typeof turn === "function") return turn(...args);
  throw new TroupeError("INTERNAL", `${formatAddress({ type, id })} has no turn ${method}`);
}
