import type { Clock } from "@troupe/core";

/** A silo that npm left behind serves on for so long at most. */
const LOOK_EVERY_MS = 1_000;

/** True if npm or npx started this process, and so should be there as long as it is. */
export function isStartedByNpm(variables: Readonly<Record<string, string | undefined>>): boolean {
  return variables["npm_command"] !== undefined;
}

/**
 * Calls `onOrphaned` once when the parent of this process has ended. npx that gets a SIGTERM ends
 * and tells nobody, so a process manager would take a silo for stopped that still serves. Nothing
 * in Node.js tells of the end of a parent, so it is looked at again and again.
 */
export function watchParent(clock: Clock, parentId: () => number, onOrphaned: () => void): void {
  const parent = parentId();
  const look = (): void => {
    if (parentId() === parent) clock.schedule(LOOK_EVERY_MS, look);
    else onOrphaned();
  };
  clock.schedule(LOOK_EVERY_MS, look);
}
