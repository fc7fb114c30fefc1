import type { ActorAddress } from "@troupe/core";
import type { Cluster } from "@troupe/host";

/**
 * Runs one of the turns that a silo itself offers for every actor, such as `$reminders`. It wakes
 * the actor.
 */
export async function systemTurn(
  cluster: Pick<Cluster, "callTurn">,
  address: ActorAddress,
  method: `$${string}`,
  args: readonly unknown[] = [],
): Promise<unknown> {
  return await cluster.callTurn(address, method, args);
}
