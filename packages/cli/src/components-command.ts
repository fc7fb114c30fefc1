import { type AdminClient, listEverySilo } from "@troupe/admin";
import {
  builtInTypes,
  type ComponentReport,
  installedTypes,
  LIST_COMPONENTS,
  printType,
} from "@troupe/components";
import { closestName, type ComponentType, TroupeError } from "@troupe/core";
import { LISTED_MAX, printListed } from "./listed.ts";
import { printableJson } from "./printable-text.ts";
import type { JsonFlags } from "./program.ts";
import { EXIT_OK, printData } from "./terminal.ts";
import { textTable } from "./text-table.ts";
import { withSilos } from "./with-cluster.ts";

/** `troupe components`: what the silos have opened, or which types there are. */
export async function runComponents(
  what: "types" | undefined,
  type: string | undefined,
  flags: JsonFlags,
): Promise<number> {
  if (what === undefined) return withSilos(flags, ({ admin }) => showComponents(admin, flags.json));
  const types = [...builtInTypes(), ...(await installedTypes())].toSorted(byType);
  return type === undefined ? showTypes(types, flags.json) : showType(types, type, flags.json);
}

/** Prints the components of every silo. */
export async function showComponents(admin: AdminClient, json: boolean): Promise<number> {
  const list = (siloId: string): AsyncIterable<ComponentReport> => componentsOf(admin, siloId);
  const lists = await listEverySilo(admin.silos, list, LISTED_MAX);
  const components = lists.entries;
  const rows = components.map((one) => [
    one.name,
    `${one.type} ${one.version}`,
    one.siloId,
    one.reason === "" ? one.health : `${one.health}: ${one.reason}`,
    one.capabilities.join(", "),
  ]);
  return printListed({
    lists,
    json,
    data: { components },
    table:
      rows.length === 0 ? undefined : textTable(["name", "type", "silo", "health", "can"], rows),
    nothing: "no silo has components",
  });
}

/** A silo that was started without components does not know the question. */
async function* componentsOf(admin: AdminClient, siloId: string): AsyncIterable<ComponentReport> {
  try {
    yield* (await admin.ask(siloId, LIST_COMPONENTS, {})).components;
  } catch (error) {
    if (!(error instanceof TroupeError) || error.code !== "NO_SUCH_METHOD") throw error;
  }
}

function showTypes(types: readonly ComponentType[], json: boolean): number {
  const rows = types.map(({ type, versions, summary }) => ({ type, versions, summary }));
  if (json) printData(printableJson({ types: rows }));
  else
    printData(
      textTable(
        ["type", "what it is"],
        rows.map((row) => [row.type, row.summary]),
      ),
    );
  return EXIT_OK;
}

function showType(types: readonly ComponentType[], name: string, json: boolean): number {
  const found = types.find(({ type }) => type === name.toLowerCase());
  if (found === undefined) {
    const meant = closestName(
      name,
      types.map(({ type }) => type),
    );
    const hint =
      meant === undefined ? "troupe components types lists them" : `did you mean ${meant}?`;
    throw new TroupeError("BAD_CONFIG", `there is no type ${name}; ${hint}`);
  }
  const { type, versions, summary, notes, metadata, ignored } = found;
  if (json) printData(printableJson({ type, versions, summary, notes, metadata, ignored }));
  else printData(printType(found));
  return EXIT_OK;
}

function byType(one: ComponentType, other: ComponentType): number {
  return one.type < other.type ? -1 : 1;
}
