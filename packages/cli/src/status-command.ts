import type { AdminClient } from "@troupe/admin";
import { type Member, messageOf } from "@troupe/core";
import type { SnapshotResponse } from "@troupe/sdk";
import { ownershipShares } from "./ownership-share.ts";
import { printableLine } from "./printable-text.ts";
import type { JsonFlags } from "./program.ts";
import { EXIT_FAILED, EXIT_OK, printData, printNote } from "./terminal.ts";
import { type Cell, textTable } from "./text-table.ts";
import { noSilo, withCluster } from "./with-cluster.ts";

/**
 * One silo as `status --json` shows it. What only the silo itself knows is null if it did not
 * answer.
 */
export interface SiloStatus {
  readonly siloId: string;
  readonly address: string;
  readonly state: string;
  /** False while the silo cannot tell whether its lease lives, and so stands still. */
  readonly serving: boolean | null;
  /** Part of all actors that it owns, from 0 to 1. */
  readonly ownership: number;
  readonly activations: number | null;
  readonly activationsByType: Readonly<Record<string, number>> | null;
  readonly callsTotal: number | null;
  readonly callsPerSecond: number | null;
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly capacity: number;
  /** Why the silo did not answer, or null. */
  readonly error: string | null;
}

/** `troupe status`: what the membership says of each silo, and what the silo says of itself. */
export function runStatus(flags: JsonFlags): Promise<number> {
  return withCluster(flags, async ({ cluster, admin, settings }) => {
    const { revision, members } = cluster.view;
    const shares = ownershipShares(cluster.view);
    const silos = await Promise.all(
      members.map((member) => statusOf(admin, member, shares.get(member.siloId) ?? 0)),
    );
    if (flags.json) printData(JSON.stringify({ cluster: settings.cluster, revision, silos }));
    else if (silos.length > 0) printData(tableOf(silos));
    for (const silo of silos.filter(({ error }) => error !== null))
      printNote(`${silo.siloId} did not answer: ${printableLine(silo.error ?? "")}`);
    if (silos.length === 0) printNote(noSilo(settings.cluster));
    return silos.length > 0 && silos.every(({ error }) => error === null) ? EXIT_OK : EXIT_FAILED;
  });
}

async function statusOf(
  admin: AdminClient,
  member: Member,
  ownership: number,
): Promise<SiloStatus> {
  const { siloId, address, state, version, labels, capacity = 1 } = member;
  const known = { siloId, address, state, ownership, version, labels, capacity };
  try {
    return { ...known, ...toldBy(await admin.snapshot(siloId)), error: null };
  } catch (error) {
    return { ...known, ...NOTHING_TOLD, error: messageOf(error) };
  }
}

type Told = Pick<
  SiloStatus,
  "serving" | "activations" | "activationsByType" | "callsTotal" | "callsPerSecond"
>;

const NOTHING_TOLD: Told = {
  serving: null,
  activations: null,
  activationsByType: null,
  callsTotal: null,
  callsPerSecond: null,
};

function toldBy(snapshot: SnapshotResponse): Told {
  const { serving, activations, activationsByType, callsTotal, callsPerSecond } = snapshot;
  return { serving, activations, activationsByType, callsTotal, callsPerSecond };
}

const UNKNOWN: Cell = { number: "–" };

function tableOf(silos: readonly SiloStatus[]): string {
  return textTable(
    ["silo", "address", "state", "owns", "activations", "calls", "calls/s"],
    silos.map((silo) => [
      silo.siloId,
      silo.address,
      silo.serving === false ? `${silo.state}, not serving` : silo.state,
      { number: `${(silo.ownership * 100).toFixed(1)} %` },
      silo.activations ?? UNKNOWN,
      silo.callsTotal ?? UNKNOWN,
      silo.callsPerSecond === null ? UNKNOWN : { number: silo.callsPerSecond.toFixed(1) },
    ]),
  );
}
