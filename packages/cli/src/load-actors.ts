import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf, TroupeError } from "@troupe/core";
import { Actor, type ActorClass } from "@troupe/sdk";
import { registerTypeScript } from "./module-loader.ts";

/**
 * The actor classes that a module exports: under any name, or in an array as its default export.
 * Throws `BAD_CONFIG` if the module cannot be loaded or has none.
 */
export async function loadActors(module: string): Promise<readonly ActorClass[]> {
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
    `<module> ${module} exports no actor class; export classes that extend Actor (from the same installed troupe), or an array of them as default`,
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

/** The actor classes among the values of a module, each once. */
export function actorsOf(module: object): readonly ActorClass[] {
  const values = Object.values(module).flatMap((value: unknown): unknown[] =>
    Array.isArray(value) ? value : [value],
  );
  return [...new Set(values.filter((value) => isActorClass(value)))];
}

function isActorClass(value: unknown): value is ActorClass {
  return typeof value === "function" && (value.prototype as unknown) instanceof Actor;
}
