import { DURATION_FORMS, parseDuration, TroupeError } from "@troupe/core";
import { openCluster } from "../connect.ts";
import { readAddress, readArguments } from "./call-arguments.ts";
import { jsonValue, readableValue } from "./printed-value.ts";
import type { CallCommand, Flags } from "./program.ts";
import { refuseMemory, settingsOfCommand } from "./settings-of-command.ts";
import { EXIT_OK, printData } from "./terminal.ts";

/** `troupe call`: one call from outside the cluster. */
export async function runCall(call: CallCommand, flags: Flags & { readonly json: boolean }): Promise<number> {
  const { type, id } = readAddress(call.address);
  const args = readArguments(call.args);
  const timeout = readTimeout(flags["timeout"]);
  const { settings, logger } = settingsOfCommand(flags, "warn");
  refuseMemory(settings);
  const cluster = await openCluster(settings, logger);
  try {
    // A call would wait for a silo until its deadline, which is right in a program and puzzling on a terminal.
    if (cluster.view.members.length === 0) {
      const message = `the cluster ${settings.cluster} has no silo; is --membership right, and is one running?`;
      throw new TroupeError("CLUSTER_UNAVAILABLE", message);
    }
    const method = cluster.actor(type, id, timeout === undefined ? {} : { timeout })[call.method];
    if (typeof method !== "function")
      throw new TroupeError("NO_SUCH_METHOD", `${call.address} cannot have a method ${call.method}`);
    const result: unknown = await method(...args);
    const text = flags.json ? jsonValue(result) : readableValue(result);
    if (text !== undefined) printData(text);
    return EXIT_OK;
  } finally {
    await cluster.close();
  }
}

function readTimeout(given: unknown): number | undefined {
  if (given === undefined) return undefined;
  const timeout = parseDuration(typeof given === "string" && /^\d+$/.test(given) ? Number(given) : given);
  if (timeout === undefined)
    throw new TroupeError("BAD_CONFIG", `timeout (--timeout) ${JSON.stringify(given)}: give ${DURATION_FORMS}`);
  return timeout;
}
