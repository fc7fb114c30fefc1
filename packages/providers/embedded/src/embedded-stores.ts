import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Clock, Logger, ReminderStore, StateStore } from "@troupe/core";
import { EmbeddedReminderStore } from "./embedded-reminder-store.ts";
import { EmbeddedStateStore } from "./embedded-state-store.ts";
import { Environment } from "./environment.ts";
import { folderError, prepareFolder } from "./folder-format.ts";
import { WriteGate } from "./write-gate.ts";

export interface EmbeddedStoresOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds after which a write that is blocked fails. Default: 5,000. */
  readonly writeTimeoutMs?: number;
}

/** Two ports on one environment. Each is closed by itself. */
export interface EmbeddedStores {
  readonly state: StateStore;
  readonly reminders: ReminderStore;
}

/** Long enough for a busy disk, short enough that a caller still waits. */
const WRITE_TIMEOUT_MS = 5_000;

/**
 * Opens, and makes if need be, the stores in a folder of this machine's disk. Several processes may
 * have the same folder open. What was acknowledged survives the crash of any of them, and of the
 * machine.
 *
 * One process writes at a time, for as long as its bytes take to reach the disk. A process that is
 * stopped (SIGSTOP, a debugger) in that moment blocks the others until it goes on or ends: their
 * writes then fail with `STORE_UNAVAILABLE` within `writeTimeoutMs`, reading goes on, and all is
 * well again by itself afterwards. While it lasts the folder cannot be opened anew (this waits),
 * and a process with a blocked write ends only by SIGKILL.
 *
 * Throws `BAD_CONFIG` if the folder cannot be used, is another program's, or has another format.
 */
export async function openEmbeddedStores(
  folder: string,
  options: EmbeddedStoresOptions,
): Promise<EmbeddedStores> {
  prepareFolder(folder);
  const path = join(folder, "state");
  const { clock, logger, writeTimeoutMs: timeoutMs = WRITE_TIMEOUT_MS } = options;
  try {
    mkdirSync(path, { recursive: true });
    const environment = { clock, logger, durable: true };
    const ofStates = await Environment.open(path, environment);
    const gate = new WriteGate({
      clock,
      what: `the folder ${folder}`,
      code: "STORE_UNAVAILABLE",
      timeoutMs,
      problem: () => ofStates.presence.problem(),
    });
    return {
      state: new EmbeddedStateStore(ofStates, { folder, gate }, clock),
      reminders: new EmbeddedReminderStore(await Environment.open(path, environment), gate),
    };
  } catch (error) {
    throw folderError(folder, error);
  }
}
