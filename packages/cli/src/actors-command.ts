import { type AdminClient, checkType, listEverySilo, type OfSilo } from "@troupe/admin";
import { formatAddress } from "@troupe/core";
import type { ActivationInfo } from "@troupe/sdk";
import { LISTED_MAX, printListed } from "./listed.ts";
import type { JsonFlags } from "./program.ts";
import { textTable } from "./text-table.ts";
import { withSilos } from "./with-cluster.ts";

/** One active actor as `actors --json` shows it. */
export type ActiveActor = OfSilo<ActivationInfo>;

/** `troupe actors`: what is active, over all silos. */
export function runActors(type: string | undefined, flags: JsonFlags): Promise<number> {
  return withSilos(flags, ({ admin }) => showActors(admin, type, flags.json));
}

/** Prints the active actors of the cluster, by type and id. */
export async function showActors(
  admin: AdminClient,
  type: string | undefined,
  json: boolean,
): Promise<number> {
  if (type !== undefined) checkType(admin.view, type);
  const filter = type === undefined ? {} : { type };
  const list = (siloId: string): AsyncIterable<ActivationInfo> => admin.activations(siloId, filter);
  const lists = await listEverySilo(admin.silos, list, LISTED_MAX);
  const actors = lists.entries.toSorted(byAddress);
  const table = actors.length === 0 ? undefined : tableOf(actors);
  return printListed({ lists, json, data: { actors }, table, nothing: "no actor is active" });
}

function byAddress(one: ActiveActor, other: ActiveActor): number {
  if (one.type !== other.type) return one.type < other.type ? -1 : 1;
  if (one.id === other.id) return 0;
  return one.id < other.id ? -1 : 1;
}

function tableOf(actors: readonly ActiveActor[]): string {
  return textTable(
    ["actor", "silo", "state", "waiting"],
    actors.map((actor) => [formatAddress(actor), actor.siloId, actor.state, actor.waiting]),
  );
}
