import { formatAddress } from "@troupe/core";
import { printableJson } from "./printable-text.ts";
import { readAddress } from "./call-arguments.ts";
import type { JsonFlags } from "./program.ts";
import { EXIT_OK, printData, printNote } from "./terminal.ts";
import { withSilos } from "./with-cluster.ts";

/** `troupe destroy`: deletes an actor with all that it has stored. */
export async function runDestroy(actor: string, flags: JsonFlags): Promise<number> {
  const address = readAddress(actor);
  return withSilos(flags, async ({ admin }) => {
    await admin.destroy(address);
    if (flags.json) printData(printableJson({ actor: formatAddress(address), destroyed: true }));
    else
      printNote(`${formatAddress(address)} is destroyed: its state, its reminders and its timers`);
    return EXIT_OK;
  });
}
