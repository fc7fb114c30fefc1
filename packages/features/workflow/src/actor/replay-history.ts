import { formatAddress, silentLogger, TroupeError } from "@troupe/core";
import type { NativeRunParts } from "../executor/native-run.ts";
import type { Episode } from "../machine/episode.ts";
import { describeCommand, firstMismatch, type Mismatch } from "../machine/mismatch.ts";
import { LiveRun } from "./live-run.ts";
import type { WorkflowProgram } from "./workflow-program.ts";

/** After so many episodes of a replay others get a turn of the event loop: some milliseconds. */
const EPISODES_AT_ONCE = 500;

/** What a replay needs to know besides the history. */
export interface ReplayParts extends NativeRunParts {
  readonly program: WorkflowProgram;
  /** The calls that are not answered are to be made again. Default: false. */
  readonly isAgain?: boolean;
}

/**
 * Brings the code of a run to where its history ends. No step runs again, and nothing is stored.
 *
 * Rejects with `NON_DETERMINISTIC` if the code does something else than the history says (W3), and
 * where, and with `FOREIGN_AWAIT` if it waits for something foreign.
 */
export async function replayHistory(
  episodes: readonly Episode[],
  parts: ReplayParts,
): Promise<LiveRun> {
  const live = new LiveRun(parts);
  for (const [index, episode] of episodes.entries()) {
    const first = live.native.table.next;
    // oxlint-disable-next-line no-await-in-loop -- one episode after the other.
    const seen = await live.replay(episode, { episode: index, isAgain: parts.isAgain === true });
    const mismatch = firstMismatch(episode.commands, seen);
    if (mismatch !== undefined) {
      // oxlint-disable-next-line no-await-in-loop -- it throws.
      if (parts.keepsPlaces !== true) await replayHistory(episodes, dryParts(parts));
      const place = live.native.table.placeOf(first + mismatch.position - 1);
      throw mismatchError(parts, mismatch, { episode: index, place });
    }
    // oxlint-disable-next-line no-await-in-loop -- lets others go on.
    if (index % EPISODES_AT_ONCE === EPISODES_AT_ONCE - 1) await eventLoopTurn();
  }
  return live;
}

/** For a replay that nobody goes on with, and that says where in the code it stands. */
export function dryParts(parts: ReplayParts): ReplayParts {
  return { ...parts, log: silentLogger, keepsPlaces: true, onForeign: ignore };
}

function ignore(): void {}

function mismatchError(
  { address, program }: ReplayParts,
  { position, stored, seen }: Mismatch,
  { episode, place }: { readonly episode: number; readonly place: string | undefined },
): TroupeError {
  const { version, digest } = program;
  const where = seen === undefined || place === undefined ? "" : ` at ${place}`;
  const message = `${formatAddress(address)} (version ${version}, code ${digest}) at episode ${episode}, command ${position}: stored is ${describeCommand(stored)}; this code gives ${describeCommand(seen)}${where}. Deploy the code that the run began with, or code that does the same up to here`;
  return new TroupeError("NON_DETERMINISTIC", message);
}

function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
