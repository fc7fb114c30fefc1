import type { AdminClient } from "@troupe/admin";
import { type ActorAddress, formatAddress } from "@troupe/core";
import type { ActorReport } from "@troupe/sdk";
import { readAddress } from "./call-arguments.ts";
import { jsonValue, readableValue } from "./printed-value.ts";
import type { JsonFlags } from "./program.ts";
import { EXIT_OK, printData } from "./terminal.ts";
import { momentText, textTable } from "./text-table.ts";
import { withSilos } from "./with-cluster.ts";

/** `troupe actors show`: what is stored of an actor, and what it does. It is not woken. */
export async function runShowActor(actor: string, flags: JsonFlags): Promise<number> {
  const address = readAddress(actor);
  return withSilos(flags, ({ admin }) => showActor(admin, address, flags.json));
}

export async function showActor(
  admin: AdminClient,
  address: ActorAddress,
  json: boolean,
): Promise<number> {
  const report = await admin.show(address);
  printData(json ? jsonValue(report) : textOf(report));
  return EXIT_OK;
}

function textOf(report: ActorReport): string {
  const { activation, waiting, isStored, epoch, version, stateVersion } = report;
  const bytes = Object.entries(report.bytesByPart).map(([part, size]) => `${part} ${size}`);
  const facts = textTable(
    ["actor", formatAddress(report)],
    [
      ["owner", report.siloId],
      ["activation", activation],
      ["waiting turns", waiting],
      ["stored", isStored ? `bytes: ${bytes.join(", ")}` : "nothing"],
      ["epoch", epoch],
      ["commits", version],
      ["version of state", stateVersion],
      ["sends under way", report.pendingSends],
      ["dead letters", report.deadLetters],
    ],
  );
  const tables = [
    facts,
    listed(["running turn", "for"], report.turns, ({ method, ageMs }) => [
      method,
      { number: `${ageMs} ms` },
    ]),
    listed(["reminder", "next", "ticks", "failed"], report.reminders, (one) => [
      one.name,
      momentText(one.nextAt),
      one.count,
      one.failed,
    ]),
    listed(["send", "to", "method", "sent"], report.outbox, ({ seq, type, id, method, sentAt }) => [
      seq,
      formatAddress({ type, id }),
      method,
      momentText(sentAt),
    ]),
    isStored ? `state: ${readableValue(report.state) ?? ""}` : undefined,
  ];
  return tables.filter((table) => table !== undefined).join("\n");
}

function listed<T>(
  head: readonly string[],
  entries: readonly T[],
  row: (entry: T) => Parameters<typeof textTable>[1][number],
): string | undefined {
  return entries.length === 0 ? undefined : textTable(head, entries.map(row));
}
