import { join } from "node:path";
import { ProviderRegistry } from "../provider-registry.ts";
import { configError } from "./config-problem.ts";
import {
  type ConfigLayer,
  fromFile,
  fromFlags,
  fromVariables,
  mergeLayers,
} from "./config-layers.ts";
import { settle, type Settings } from "./settings.ts";

/** The file in the current folder that options are read from. */
export const CONFIG_FILE = "troupe.config.json";

/** Where the command line looks for options. */
export interface ConfigPlaces {
  readonly flags: Readonly<Record<string, unknown>>;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** The folder of `troupe.config.json`. */
  readonly folder: string;
}

/**
 * Reads flags, then variables, then the file; the first that has an option wins. Throws
 * `BAD_CONFIG` with every problem.
 */
export function loadSettings({ flags, variables, folder }: ConfigPlaces): Settings {
  return settingsOf(
    mergeLayers([fromFlags(flags), fromVariables(variables), fromFile(join(folder, CONFIG_FILE))]),
  );
}

/** The settings of what was given; throws `BAD_CONFIG` with every problem. */
export function settingsOf(
  { values, problems }: ConfigLayer,
  registry: ProviderRegistry = new ProviderRegistry(),
): Settings {
  const settled = settle(values, registry);
  if (settled.kind === "wrong") throw configError([...problems, ...settled.problems]);
  if (problems.length > 0) throw configError(problems);
  return settled.settings;
}
