import type { AdminClient } from "@troupe/admin";
import { inForceOf, type Member, TroupeError, type View } from "@troupe/core";
import { printableJson } from "./printable-text.ts";
import type { DeploysFlags } from "./program.ts";
import { EXIT_OK, printData, printNote } from "./terminal.ts";
import { type Cell, textTable } from "./text-table.ts";
import { withSilos } from "./with-cluster.ts";

/** `switch`: to the definition that waits. `back`: to the one that was in force before. */
export type DeployVerb = "switch" | "back";

/** Which definition an operator wants in force. */
export interface DeploySwitch {
  readonly verb: DeployVerb;
  readonly type: string;
  /** The beginning of a digest, for `switch`. */
  readonly to: string | undefined;
}

/** One definition of an actor type, as `deploys --json` shows it. */
export interface ShownDefinition {
  readonly type: string;
  readonly version: number;
  readonly digest: string;
  readonly inForce: boolean;
  /** The silos that run it, by id. */
  readonly silos: readonly string[];
}

/**
 * `troupe deploys`: the definitions of each actor type, how many silos run them and which one is in
 * force; and putting another one in force by hand.
 */
export async function runDeploys(
  verb: DeployVerb | undefined,
  type: string | undefined,
  flags: DeploysFlags,
): Promise<number> {
  if (verb !== undefined && type === undefined) {
    const message = `troupe deploys ${verb} needs the actor type: troupe deploys ${verb} Account`;
    throw new TroupeError("BAD_CONFIG", message);
  }
  return withSilos(flags, async ({ admin }) => {
    if (verb === undefined || type === undefined) showDefinitions(admin.view, flags.json);
    else await switchTo(admin, { verb, type, to: flags.to }, flags.json);
    return EXIT_OK;
  });
}

/** Puts the definition in force that is meant. */
export async function switchTo(
  admin: AdminClient,
  change: DeploySwitch,
  json: boolean,
): Promise<void> {
  const { type, version, digest } = meant(admin.view, change);
  await admin.switchDefinition(type, digest);
  if (json) printData(printableJson({ type, version, digest, inForce: true }));
  else printNote(`${digest}, version ${version} of ${type}, is in force`);
}

/** Prints what the view says of definitions. */
export function showDefinitions(view: View, json: boolean): void {
  const definitions = definitionsIn(view);
  if (json) printData(printableJson({ revision: view.revision, definitions }));
  else if (definitions.length > 0) {
    const rows = definitions.map((one): Cell[] => [
      one.type,
      { number: String(one.version) },
      one.digest,
      one.silos.length,
      one.inForce ? "in force" : "waits",
    ]);
    printData(textTable(["type", "version", "definition", "silos", ""], rows));
  } else printNote("no silo hosts an actor type");
}

/** By type; the one in force first. */
export function definitionsIn(view: View): ShownDefinition[] {
  const active = view.members.filter(({ state }) => state === "active");
  const types = [...new Set(active.flatMap((member) => Object.keys(member.types)))];
  return types.toSorted(compareNames).flatMap((type) => definitionsOf(type, active, view));
}

function compareNames(one: string, other: string): number {
  return one < other ? -1 : 1;
}

function definitionsOf(type: string, active: readonly Member[], view: View): ShownDefinition[] {
  const shown = new Map<string, ShownDefinition>();
  const digestInForce = inForceOf(view, type)?.digest;
  for (const { siloId, types } of active) {
    const advert = Object.hasOwn(types, type) ? types[type] : undefined;
    if (advert === undefined) continue;
    const { version, digest } = advert;
    const silos = [...(shown.get(digest)?.silos ?? []), siloId];
    const inForce = digestInForce === undefined || digest === digestInForce;
    shown.set(digest, { type, version, digest, inForce, silos });
  }
  return [...shown.values()].toSorted((a, b) => Number(b.inForce) - Number(a.inForce));
}

function meant(view: View, { verb, type, to }: DeploySwitch): ShownDefinition {
  const all = definitionsIn(view).filter((one) => one.type === type);
  if (all.length === 0)
    throw new TroupeError("BAD_CONFIG", `no active silo hosts ${type}; troupe deploys lists types`);
  const previous = inForceOf(view, type)?.previous;
  const candidates = all.filter(({ digest, inForce }) =>
    verb === "back" ? digest === previous : !inForce && digest.startsWith(to ?? ""),
  );
  const [found, ...others] = candidates;
  if (found !== undefined && others.length === 0) return found;
  throw new TroupeError("BAD_CONFIG", problem(verb, type, candidates));
}

function problem(verb: DeployVerb, type: string, candidates: readonly ShownDefinition[]): string {
  if (candidates.length > 0) {
    const digests = candidates.map(({ digest }) => digest).join(", ");
    return `several definitions of ${type} wait: ${digests}; name one with --to`;
  }
  return verb === "back"
    ? `no active silo runs the definition of ${type} that was in force before; start one that does`
    : `no active silo runs another definition of ${type} that is meant; troupe deploys lists them`;
}
