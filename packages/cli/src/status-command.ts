import { type Member, messageOf } from "@troupe/core";
import Table from "cli-table3";
import type { Cluster } from "@troupe/host";
import { ownershipShares } from "./ownership-share.ts";
import type { JsonFlags } from "./program.ts";
import { EXIT_FAILED, EXIT_OK, printData, printNote } from "./terminal.ts";
import { noSilo, withCluster } from "./with-cluster.ts";

/**
 * One silo as `status --json` shows it. What only the silo itself knows is null if it did not
 * answer.
 */
export interface SiloStatus {
  readonly siloId: string;
  readonly address: string;
  readonly state: string;
  /** Part of all actors that it owns, from 0 to 1. */
  readonly ownership: number;
  readonly activations: number | null;
  readonly activationsByType: Readonly<Record<string, number>> | null;
  readonly callsTotal: number | null;
  readonly callsPerSecond: number | null;
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Why the silo did not answer, or null. */
  readonly error: string | null;
}

/** `troupe status`: what the membership says of each silo, and what the silo says of itself. */
export function runStatus(flags: JsonFlags): Promise<number> {
  return withCluster(flags, async (cluster, settings) => {
    const { revision, members } = cluster.view;
    const shares = ownershipShares(cluster.view);
    const silos = await Promise.all(
      members.map((member) => statusOf(cluster, member, shares.get(member.siloId) ?? 0)),
    );
    if (flags.json) printData(JSON.stringify({ cluster: settings.cluster, revision, silos }));
    else if (silos.length > 0) printData(tableOf(silos));
    for (const silo of silos.filter(({ error }) => error !== null))
      printNote(`${silo.siloId} did not answer: ${silo.error}`);
    if (silos.length === 0) printNote(noSilo(settings.cluster));
    return silos.length > 0 && silos.every(({ error }) => error === null) ? EXIT_OK : EXIT_FAILED;
  });
}

async function statusOf(cluster: Cluster, member: Member, ownership: number): Promise<SiloStatus> {
  const { siloId, address, state, version, labels } = member;
  const known = { siloId, address, state, ownership, version, labels };
  try {
    const told = readSnapshot(await cluster.callSilo(siloId, "snapshot"));
    return { ...known, ...told, error: null };
  } catch (error) {
    return { ...known, ...readSnapshot(undefined), error: messageOf(error) };
  }
}

type Told = Pick<SiloStatus, "activations" | "activationsByType" | "callsTotal" | "callsPerSecond">;

/** A silo of another version may tell less or more. */
function readSnapshot(snapshot: unknown): Told {
  const told: Record<string, unknown> =
    typeof snapshot === "object" && snapshot !== null ? { ...snapshot } : {};
  const number = (name: string): number | null =>
    typeof told[name] === "number" ? told[name] : null;
  const byType = told["activationsByType"];
  return {
    activations: number("activations"),
    activationsByType:
      typeof byType === "object" && byType !== null ? (byType as Record<string, number>) : null,
    callsTotal: number("callsTotal"),
    callsPerSecond: number("callsPerSecond"),
  };
}

function tableOf(silos: readonly SiloStatus[]): string {
  const table = new Table({
    head: ["silo", "address", "state", "owns", "activations", "calls", "calls/s"],
    style: { head: [], border: [] },
    colAligns: ["left", "left", "left", "right", "right", "right", "right"],
  });
  for (const silo of silos) {
    const { siloId, address, state, ownership, activations, callsTotal, callsPerSecond } = silo;
    const owns = `${(ownership * 100).toFixed(1)} %`;
    table.push([
      siloId,
      address,
      state,
      owns,
      activations ?? "–",
      callsTotal ?? "–",
      callsPerSecond?.toFixed(1) ?? "–",
    ]);
  }
  return table.toString();
}
