import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf, TroupeError } from "@troupe/core";
import { Actor, type ActorClass, type ActorDefinition, type ActorType } from "@troupe/sdk";
import { registerTypeScript } from "./module-loader.ts";

/**
 * The actor types that a module exports: classes, and what `defineBehaviour` or `defineWorkflow`
 * gave. They may have any name, or be in an array that is the default export.
 * Throws `BAD_CONFIG` if the module cannot be loaded or has none.
 */
export async function loadActors(module: string): Promise<readonly ActorType[]> {
  const path = resolve(module);
  if (!existsSync(path))
    throw new TroupeError(
      "BAD_CONFIG",
      `<module> ${module} is not there; give the path of a .js or .ts file`,
    );
  if (/\.m?ts$/.test(path)) registerTypeScript();
  const found = actorsOf(await load(module, path));
  if (found.length > 0) return found;
  throw new TroupeError(
    "BAD_CONFIG",
    `<module> ${module} exports no actor type; export classes that extend Actor (from the same installed troupe) or workflows, or an array of them as default`,
  );
}

async function load(module: string, path: string): Promise<object> {
  try {
    return (await import(pathToFileURL(path).href)) as object;
  } catch (error) {
    if (error instanceof TroupeError) throw error;
    throw new TroupeError(
      "BAD_CONFIG",
      `<module> ${module} cannot be loaded: ${messageOf(error)}${placeOf(error)}`,
      {
        cause: error,
      },
    );
  }
}

/** Where in the user's code it was thrown, if the stack says so. */
function placeOf(error: unknown): string {
  const lines = error instanceof Error ? (error.stack?.split("\n") ?? []) : [];
  const line = lines.find((text) => /^ +at .*:\d+:\d+\)?$/.test(text) && !text.includes("node:"));
  return line === undefined ? "" : `\n${line}`;
}

/** The actor types among the values of a module, each once. */
export function actorsOf(module: object): readonly ActorType[] {
  const values = Object.values(module).flatMap((value: unknown): unknown[] =>
    Array.isArray(value) ? value : [value],
  );
  return [...new Set(values.filter((value) => isActorClass(value) || isDefinition(value)))];
}

function isActorClass(value: unknown): value is ActorClass {
  return typeof value === "function" && (value.prototype as unknown) instanceof Actor;
}

function isDefinition(value: unknown): value is ActorDefinition {
  return typeof value === "object" && value !== null && "behaviour" in value && "methodOf" in value;
}
