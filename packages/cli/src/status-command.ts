import type { AdminClient } from "@troupe/admin";
import { ownershipShares } from "./ownership-share.ts";
import { printableJson, printableLine } from "./printable-text.ts";
import type { StatusFlags } from "./program.ts";
import { problemsOf, type SiloStatus, statusOf } from "./silo-status.ts";
import { EXIT_FAILED, EXIT_OK, printData, printNote } from "./terminal.ts";
import { type Cell, textTable } from "./text-table.ts";
import { noSilo, withCluster } from "./with-cluster.ts";

/** `troupe status`: what the membership says of each silo, and what the silo says of itself. */
export function runStatus(flags: StatusFlags): Promise<number> {
  return withCluster(flags, ({ admin, settings }) => showStatus(admin, settings.cluster, flags));
}

/**
 * Prints the silos of the cluster, and what is wrong with them. Without `check` it fails only if
 * there is no silo, or one did not answer.
 */
export async function showStatus(
  admin: AdminClient,
  cluster: string,
  { json, check }: Pick<StatusFlags, "json" | "check">,
): Promise<number> {
  const { view } = admin;
  const shares = ownershipShares(view);
  const silos = await Promise.all(
    view.members.map((member) => statusOf(admin, member, shares.get(member.siloId) ?? 0)),
  );
  const problems = silos.flatMap((silo) => problemsOf(silo));
  if (json) printData(printableJson({ cluster, revision: view.revision, silos, problems }));
  else if (silos.length > 0) printData(tableOf(silos));
  for (const problem of problems) printNote(printableLine(problem));
  if (silos.length === 0) printNote(noSilo(cluster));
  const failed = check ? problems.length > 0 : silos.some(({ error }) => error !== null);
  return silos.length === 0 || failed ? EXIT_FAILED : EXIT_OK;
}

const UNKNOWN: Cell = { number: "–" };

function tableOf(silos: readonly SiloStatus[]): string {
  return textTable(
    ["silo", "address", "state", "lease left", "owns", "activations", "calls", "calls/s"],
    silos.map((silo) => [
      silo.siloId,
      silo.address,
      shownState(silo),
      shownLease(silo),
      { number: `${(silo.ownership * 100).toFixed(1)} %` },
      silo.activations ?? UNKNOWN,
      silo.callsTotal ?? UNKNOWN,
      silo.callsPerSecond === null ? UNKNOWN : { number: silo.callsPerSecond.toFixed(1) },
    ]),
  );
}

/** With what is wrong: a silo that hangs is not just active. */
function shownState({ state, error, serving, unreached }: SiloStatus): string {
  if (error !== null) return `${state}, no answer`;
  const wrong = Object.keys(unreached ?? {}).map((dependency) => `no ${dependency}`);
  if (serving === false) wrong.unshift("not serving");
  return [state, ...wrong].join(", ");
}

function shownLease({ leaseMarginMs, leaseTtlMs }: SiloStatus): Cell {
  if (leaseMarginMs === null || leaseTtlMs === null) return UNKNOWN;
  return { number: `${seconds(leaseMarginMs)} of ${seconds(leaseTtlMs)} s` };
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}
