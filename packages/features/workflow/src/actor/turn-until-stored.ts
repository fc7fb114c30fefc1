import { runOutsideTurns } from "@troupe/client";
import { sleep } from "@troupe/core";
import type { PartHost } from "@troupe/sdk";

/** Between tries. */
const AGAIN_MS = 1_000;

/**
 * Runs a system turn of the actor until it is stored, or the activation is over. It is nobody's
 * doing, whoever woke the actor.
 */
export function turnUntilStored(host: PartHost, name: string): void {
  runOutsideTurns(() => void repeat(host, name));
}

async function repeat(host: PartHost, name: string): Promise<void> {
  while (!host.isDisposed) {
    // oxlint-disable-next-line no-await-in-loop -- once more only if it failed.
    if ((await host.runTurn(name, [])).kind === "value") return;
    // oxlint-disable-next-line no-await-in-loop -- as above.
    await sleep(host.clock, AGAIN_MS);
  }
}
