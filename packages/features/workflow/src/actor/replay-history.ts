import { formatAddress, TroupeError } from "@troupe/core";
import type { NativeRunParts } from "../executor/native-run.ts";
import type { Episode } from "../machine/episode.ts";
import { describeCommand, firstMismatch } from "../machine/mismatch.ts";
import { LiveRun } from "./live-run.ts";
import type { WorkflowProgram } from "./workflow-program.ts";

/** After so many episodes of a replay others get a turn of the event loop: some milliseconds. */
const EPISODES_AT_ONCE = 500;

/**
 * Brings the code of a run to where its history ends. No step runs again, and nothing is stored.
 *
 * Rejects with `NON_DETERMINISTIC` if the code does something else than the history says (W3), and
 * with `FOREIGN_AWAIT` if it waits for something foreign.
 */
export async function replayHistory(
  episodes: readonly Episode[],
  parts: NativeRunParts & { readonly program: WorkflowProgram; readonly isAgain?: boolean },
): Promise<LiveRun> {
  const live = new LiveRun(parts);
  for (const [index, episode] of episodes.entries()) {
    // oxlint-disable-next-line no-await-in-loop -- one episode after the other.
    const seen = await live.replay(episode, { episode: index, isAgain: parts.isAgain === true });
    const mismatch = firstMismatch(episode.commands, seen);
    if (mismatch !== undefined) {
      const { version, digest } = parts.program;
      const { position, stored, seen: now } = mismatch;
      const message = `${formatAddress(parts.address)} (version ${version}, code ${digest}) at episode ${index}, command ${position}: stored is ${describeCommand(stored)}; this code gives ${describeCommand(now)}. Deploy the code that the run began with, or code that does the same up to here`;
      throw new TroupeError("NON_DETERMINISTIC", message);
    }
    // oxlint-disable-next-line no-await-in-loop -- lets others go on.
    if (index % EPISODES_AT_ONCE === EPISODES_AT_ONCE - 1) await eventLoopTurn();
  }
  return live;
}

function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
