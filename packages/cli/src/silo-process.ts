import { fileURLToPath } from "node:url";
import { systemClock } from "@troupe/core";
import { flagKey, type Settings, wantsColours } from "@troupe/host";
import { formatHostPort, parseHostPort } from "@troupe/host";
import { OPTION_NAMES, OPTIONS } from "@troupe/host";
import { ChildSilo, type ChildSiloOptions } from "./child-silo.ts";
import type { Flags } from "./program.ts";

const COMMAND = fileURLToPath(new URL("../dist/main.js", import.meta.url));

export interface SiloProcessOptions {
  readonly module: string;
  readonly flags: Flags;
  readonly json: boolean;
  readonly onLine: ChildSiloOptions["onLine"];
}

/** Starts `troupe silo` in a process of its own. */
export function siloProcess({ module, flags, json, onLine }: SiloProcessOptions): ChildSilo {
  const args = [COMMAND, "silo", module, ...(json ? ["--json"] : [])];
  return new ChildSilo({
    clock: systemClock,
    args,
    variables: { ...process.env, ...colours(), ...variablesOf(flags) },
    onLine,
  });
}

/**
 * The silos write to pipes, and would think that nobody reads along. What they log is as it would
 * be on the terminal that this process writes to.
 */
export function logFormatOf({ logFormat }: Settings): "pretty" | "json" {
  return logFormat ?? (process.stderr.isTTY ? "pretty" : "json");
}

function colours(): Record<string, string> {
  return wantsColours(process.env, process.stderr.isTTY) ? { FORCE_COLOR: "1" } : {};
}

/**
 * Flags as variables, which the other users of the machine cannot read: a token may be among them.
 */
export function variablesOf(flags: Flags): Record<string, string> {
  const entries = OPTION_NAMES.flatMap((name): [string, string][] => {
    const value = flags[flagKey(OPTIONS[name].flag)];
    return typeof value === "string" || typeof value === "boolean"
      ? [[OPTIONS[name].variable, String(value)]]
      : [];
  });
  return Object.fromEntries(entries);
}

/**
 * The address of the silo in the given place: ports follow each other, and a free port stays a free
 * port.
 */
export function addressOfPlace(address: string, place: number): string {
  const parsed = parseHostPort(address);
  if (parsed === undefined || parsed.port === 0) return address;
  return formatHostPort({ host: parsed.host, port: parsed.port + place });
}
