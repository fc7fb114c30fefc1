import { type AdminClient, listEverySilo } from "@troupe/admin";
import { type ActorAddress, formatAddress } from "@troupe/core";
import type { DueReminder } from "@troupe/sdk";
import { readAddress } from "./call-arguments.ts";
import { LISTED_MAX, printListed } from "./listed.ts";
import { jsonValue } from "./printed-value.ts";
import type { JsonFlags } from "./program.ts";
import { EXIT_OK, printData, printNote } from "./terminal.ts";
import { momentText, textTable } from "./text-table.ts";
import { withSilos } from "./with-cluster.ts";

/** `troupe reminders`: what is scheduled in the cluster, or for one actor. */
export async function runReminders(actor: string | undefined, flags: JsonFlags): Promise<number> {
  const address = actor === undefined ? undefined : readAddress(actor);
  return withSilos(flags, ({ admin }) =>
    address === undefined ? showDue(admin, flags.json) : showReminders(admin, address, flags.json),
  );
}

/** Prints what the silos will tick, earliest first. It wakes no actor. */
export async function showDue(admin: AdminClient, json: boolean): Promise<number> {
  const list = (siloId: string): AsyncIterable<DueReminder> => admin.reminders(siloId);
  const lists = await listEverySilo(admin.silos, list, LISTED_MAX);
  const reminders = lists.entries
    .map(({ type, id, name, nextAt }) => ({ type, id, name, nextAt }))
    .toSorted(byNextTick);
  const rows = reminders.map((due) => [formatAddress(due), due.name, momentText(due.nextAt)]);
  return printListed({
    lists,
    json,
    data: { reminders },
    table: rows.length === 0 ? undefined : textTable(["actor", "reminder", "next tick"], rows),
    nothing: "no reminder is set",
  });
}

/** Prints the reminders of one actor, earliest first. */
export async function showReminders(
  admin: AdminClient,
  address: ActorAddress,
  json: boolean,
): Promise<number> {
  const reminders = (await admin.remindersOf(address)).toSorted(byNextTick);
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

function byNextTick(one: { nextAt: number }, other: { nextAt: number }): number {
  return one.nextAt - other.nextAt;
}
