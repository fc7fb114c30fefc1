import { TroupeError } from "@troupe/core";
import type { Cluster } from "@troupe/host";
import { askSilos, noteGaps, numberOf, type SiloEntry, textOf } from "./ask-silos.ts";
import type { JsonFlags } from "./program.ts";
import { EXIT_FAILED, EXIT_OK, printData, printNote } from "./terminal.ts";
import { textTable } from "./text-table.ts";
import { withSilos } from "./with-cluster.ts";

/** One active actor as `actors --json` shows it. */
export interface ActiveActor {
  readonly type: string;
  readonly id: string;
  readonly siloId: string;
  readonly state: string;
  /** Turns that wait in its mailbox. */
  readonly waiting: number;
}

/** `troupe actors`: what is active, over all silos. */
export function runActors(type: string | undefined, flags: JsonFlags): Promise<number> {
  return withSilos(flags, (cluster) => showActors(cluster, type, flags.json));
}

/** Prints the active actors of the cluster, by type and id. */
export async function showActors(
  cluster: Pick<Cluster, "view" | "callSilo">,
  type: string | undefined,
  json: boolean,
): Promise<number> {
  if (type !== undefined) checkHosted(cluster, type);
  const lists = await askSilos(cluster, "activations", type === undefined ? [] : [type]);
  const actors = lists.entries.map((entry) => readActor(entry)).toSorted(byAddress);
  if (json) printData(JSON.stringify({ actors, unanswered: lists.unanswered }));
  else if (actors.length > 0) printData(tableOf(actors));
  else printNote("no actor is active");
  noteGaps(lists);
  return lists.unanswered.length === 0 ? EXIT_OK : EXIT_FAILED;
}

function checkHosted({ view }: Pick<Cluster, "view">, type: string): void {
  const hosted = new Set(view.members.flatMap((member) => Object.keys(member.types)));
  if (hosted.has(type)) return;
  const known = [...hosted].toSorted().join(", ");
  throw new TroupeError(
    "NO_SUCH_ACTOR_TYPE",
    `no silo hosts the actor type ${type}; the types are ${known}`,
  );
}

function readActor({ siloId, fields }: SiloEntry): ActiveActor {
  const { type, id, state, waiting } = fields;
  return {
    type: textOf(type),
    id: textOf(id),
    siloId,
    state: textOf(state),
    waiting: numberOf(waiting),
  };
}

function byAddress(one: ActiveActor, other: ActiveActor): number {
  if (one.type !== other.type) return one.type < other.type ? -1 : 1;
  if (one.id === other.id) return 0;
  return one.id < other.id ? -1 : 1;
}

function tableOf(actors: readonly ActiveActor[]): string {
  return textTable(
    ["actor", "silo", "state", "waiting"],
    actors.map(({ type, id, siloId, state, waiting }) => [`${type}/${id}`, siloId, state, waiting]),
  );
}
