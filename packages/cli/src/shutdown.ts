import { systemClock } from "@troupe/core";
import { onShutdownSignals } from "@troupe/host";
import { isStartedByNpm, watchParent } from "./orphan-watch.ts";

/**
 * Resolves when the process is asked to end: by SIGINT, by SIGTERM, or because the process that
 * started it is gone. The second signal ends the process at once, after `atOnce`.
 */
export function whenAskedToEnd(atOnce: () => void): Promise<void> {
  return new Promise((resolve) => {
    onShutdownSignals({ begin: () => resolve(), atOnce });
    process.once("disconnect", resolve);
    // Started otherwise, a process may outlive its parent on purpose, as with nohup.
    if (isStartedByNpm(process.env)) watchParent(systemClock, () => process.ppid, resolve);
  });
}
