import { CPU_QUESTION } from "./cpu-question.ts";

/** The argument that the starter of this program sends first. */
export function argumentOfStarter(): Promise<unknown> {
  return new Promise((resolve) => {
    process.once("message", resolve);
  });
}

// Every program that has a starter answers this.
process.on("message", (message) => {
  if (message !== CPU_QUESTION) return;
  const { user, system } = process.cpuUsage();
  tellStarter(user + system);
});

export function tellStarter(message: unknown): void {
  process.send?.(message);
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
