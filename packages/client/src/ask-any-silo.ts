import { messageOf, TroupeError, type View } from "@troupe/core";

/** What one silo says, every other one would say, too. */
const SAID_BY_ALL: ReadonlySet<string> = new Set(["FORBIDDEN", "BAD_CONFIG", "BAD_DEFINITION"]);

/**
 * The answer of the first silo that gives one, to a question that all would answer alike. Rejects
 * with what any would say, or with `CLUSTER_UNAVAILABLE` if none answers.
 */
export async function askAnySilo<T>(
  view: View,
  question: string,
  ask: (siloId: string) => Promise<T>,
): Promise<T> {
  const failures: string[] = [];
  for (const { siloId, state } of view.members) {
    // One that is just joining has nothing to say yet.
    if (state === "joining") continue;
    try {
      // oxlint-disable-next-line no-await-in-loop -- the next is asked if this one does not answer.
      return await ask(siloId);
    } catch (error) {
      if (error instanceof TroupeError && SAID_BY_ALL.has(error.code)) throw error;
      failures.push(`${siloId}: ${messageOf(error)}`);
    }
  }
  const why = failures.length === 0 ? "none is active yet" : failures.join("; ");
  throw new TroupeError("CLUSTER_UNAVAILABLE", `no silo answers ${question}: ${why}`);
}
