import { type Logger, TroupeError } from "@troupe/core";
import { loadSettings, loggerOf, type LogLevel, type Settings } from "@troupe/host";
import type { Flags } from "./program.ts";

export interface CommandSettings {
  readonly settings: Settings;
  readonly logger: Logger;
}

/**
 * The settings of a command that runs in this process: its flags, the variables, and the file in
 * the current folder.
 */
export function settingsOfCommand(flags: Flags, defaultLevel: LogLevel): CommandSettings {
  const settings = loadSettings({ flags, variables: process.env, folder: process.cwd() });
  return { settings, logger: loggerOf(settings, defaultLevel) };
}

/** For commands whose cluster is more than one process. */
export function refuseMemory({ membership, storage }: Settings): void {
  const own = Object.entries({ membership, storage }).find(
    ([, { provider }]) => provider.reach === "process",
  );
  if (own === undefined) return;
  const [option, { provider }] = own;
  throw new TroupeError(
    "BAD_CONFIG",
    `${option}: ${provider.name} is seen by one process only; give "file:./folder" for processes of one machine`,
  );
}
