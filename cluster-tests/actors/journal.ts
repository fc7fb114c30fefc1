import { appendFileSync } from "node:fs";

/** The variable that names the journal of a cluster's processes. */
export const JOURNAL_VARIABLE = "CLUSTER_TESTS_JOURNAL";

/**
 * Notes that a turn runs, in a file that all processes of the cluster append to: unlike state it
 * also shows what ran and was never stored. A line is written at once and whole, so it survives the
 * death of its process.
 */
export function note(...words: readonly (string | number)[]): void {
  const path = process.env[JOURNAL_VARIABLE];
  if (path !== undefined) appendFileSync(path, `${[process.pid, ...words].join(" ")}\n`);
}
