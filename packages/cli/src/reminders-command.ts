import { type ActorAddress, formatAddress } from "@troupe/core";
import type { Cluster } from "@troupe/host";
import {
  askSilos,
  noteGaps,
  numberOf,
  recordOf,
  recordsOf,
  type SiloEntry,
  textOf,
} from "./ask-silos.ts";
import { readAddress } from "./call-arguments.ts";
import { jsonValue } from "./printed-value.ts";
import type { JsonFlags } from "./program.ts";
import { systemTurn } from "./system-turn.ts";
import { EXIT_FAILED, EXIT_OK, printData, printNote } from "./terminal.ts";
import { momentText, textTable } from "./text-table.ts";
import { withSilos } from "./with-cluster.ts";

/**
 * A reminder as the due index has it. `nextAt` is in milliseconds since the Unix epoch; after a
 * tick that threw, it is the next attempt's.
 */
interface DueReminder {
  readonly type: string;
  readonly id: string;
  readonly name: string;
  readonly nextAt: number;
}

/** `troupe reminders`: what is scheduled in the cluster, or for one actor. */
export async function runReminders(actor: string | undefined, flags: JsonFlags): Promise<number> {
  const address = actor === undefined ? undefined : readAddress(actor);
  return withSilos(flags, (cluster) =>
    address === undefined
      ? showDue(cluster, flags.json)
      : showReminders(cluster, address, flags.json),
  );
}

/** Prints what the silos will tick, earliest first. It wakes no actor. */
export async function showDue(
  cluster: Pick<Cluster, "view" | "callSilo">,
  json: boolean,
): Promise<number> {
  const lists = await askSilos(cluster, "reminders");
  const reminders = lists.entries
    .map((entry) => readDue(entry))
    .toSorted((one, other) => one.nextAt - other.nextAt);
  if (json) printData(JSON.stringify({ reminders, unanswered: lists.unanswered }));
  else if (reminders.length > 0) {
    const rows = reminders.map(({ type, id, name, nextAt }) => [
      `${type}/${id}`,
      name,
      momentText(nextAt),
    ]);
    printData(textTable(["actor", "reminder", "next tick"], rows));
  } else printNote("no reminder is set");
  noteGaps(lists);
  return lists.unanswered.length === 0 ? EXIT_OK : EXIT_FAILED;
}

/** Prints the reminders of one actor, earliest first. */
export async function showReminders(
  cluster: Pick<Cluster, "callTurn">,
  address: ActorAddress,
  json: boolean,
): Promise<number> {
  const reminders = recordsOf(await systemTurn(cluster, address, "$reminders"))
    .map(({ name, nextAt, count, failed, data }) => ({
      name: textOf(name),
      nextAt: numberOf(nextAt),
      count: numberOf(count),
      failed: numberOf(failed),
      data,
    }))
    .toSorted((one, other) => one.nextAt - other.nextAt);
  const actor = formatAddress(address);
  if (json) printData(jsonValue({ actor, reminders }));
  else if (reminders.length > 0) {
    const rows = reminders.map(({ name, nextAt, count, failed }) => [
      name,
      momentText(nextAt),
      count,
      failed,
    ]);
    printData(textTable(["reminder", "next tick", "ticks", "failed"], rows));
  } else printNote(`${actor} has no reminder`);
  return EXIT_OK;
}

function readDue({ fields }: SiloEntry): DueReminder {
  const { address, name, dueAt } = fields;
  const { type, id } = recordOf(address);
  return { type: textOf(type), id: textOf(id), name: textOf(name), nextAt: numberOf(dueAt) };
}
