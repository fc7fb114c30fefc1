import type { OpenedComponent } from "./open-component.ts";

/** Closes what is open, the last one first. Throws the first failure when all are closed. */
export async function closeInReverse(opened: readonly OpenedComponent[]): Promise<void> {
  const failures: unknown[] = [];
  for (const { outcome } of opened.toReversed()) {
    if (outcome.kind === "failed") continue;
    // oxlint-disable-next-line no-await-in-loop -- what was opened later may use what was opened
    // before it.
    await outcome.port.close().catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}
