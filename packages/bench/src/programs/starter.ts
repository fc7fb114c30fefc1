import { ownUsage, USAGE_QUESTION } from "./process-usage.ts";

/** The argument that the starter of this program sends first. */
export function argumentOfStarter(): Promise<unknown> {
  return new Promise((resolve) => {
    process.once("message", resolve);
  });
}

// Every program that has a starter answers this.
process.on("message", (message) => {
  if (message === USAGE_QUESTION) tellStarter(ownUsage());
});

/** Calls `work` for each later message, and tells the starter what becomes of it. */
export function workForStarter(work: (task: unknown) => Promise<unknown>): void {
  process.on("message", (message) => {
    if (message !== USAGE_QUESTION) void work(message).then(tellStarter);
  });
}

/**
 * Says nothing if the starter is gone: to fail then would keep what has been started from being
 * ended in order.
 */
export function tellStarter(message: unknown): void {
  if (process.connected) process.send?.(message);
}

/** Ends the process when its starter has ended, or wants it to, after `cleanUp`. */
export function endWithStarter(cleanUp: () => Promise<void>): void {
  process.once("disconnect", () => {
    cleanUp().then(end, end);
  });
}

/** Not by itself: what is still open must not keep it. */
function end(): void {
  process.exit();
}
