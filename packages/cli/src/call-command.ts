import { TroupeError } from "@troupe/core";
import { readAddress, readArguments } from "./call-arguments.ts";
import { jsonValue, readableValue } from "./printed-value.ts";
import type { CallCommand, JsonFlags } from "./program.ts";
import { readTimeout } from "./read-timeout.ts";
import { EXIT_OK, printData } from "./terminal.ts";
import { withSilos } from "./with-cluster.ts";

/** `troupe call`: one call from outside the cluster. */
export async function runCall(call: CallCommand, flags: JsonFlags): Promise<number> {
  const { type, id } = readAddress(call.address);
  const args = readArguments(call.args);
  const timeout = readTimeout(flags["timeout"]);
  return withSilos(flags, async ({ cluster }) => {
    const method = cluster.actor(type, id, timeout === undefined ? {} : { timeout })[call.method];
    if (typeof method !== "function")
      throw new TroupeError(
        "NO_SUCH_METHOD",
        `${call.address} cannot have a method ${call.method}`,
      );
    const result: unknown = await method(...args);
    const text = flags.json ? jsonValue(result) : readableValue(result);
    if (text !== undefined) printData(text);
    return EXIT_OK;
  });
}
