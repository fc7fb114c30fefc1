import { formatAddress, TroupeError } from "@troupe/core";
import { NativeRun, type NativeRunParts } from "../executor/native-run.ts";
import type { Command, Episode } from "../machine/episode.ts";
import { describeCommand, firstMismatch } from "../machine/mismatch.ts";
import { RunMachine } from "../machine/run-machine.ts";
import type { WorkflowProgram } from "./workflow-program.ts";

/** After so many episodes of a replay others get a turn of the event loop: some milliseconds. */
const EPISODES_AT_ONCE = 500;

/** A run whose code stands where its history ends. */
export interface LiveRun {
  readonly native: NativeRun;
  readonly machine: RunMachine;
}

/**
 * Brings the code of a run to where its history ends. No step runs again, and nothing is stored.
 *
 * Rejects with `NON_DETERMINISTIC` if the code does something else than the history says (W3), and
 * with `FOREIGN_AWAIT` if it waits for something foreign.
 */
export async function replayHistory(
  episodes: readonly Episode[],
  parts: NativeRunParts & { readonly program: WorkflowProgram },
): Promise<LiveRun> {
  const native = new NativeRun(parts);
  const machine = new RunMachine();
  for (const [index, episode] of episodes.entries()) {
    // oxlint-disable-next-line no-await-in-loop -- one episode after the other.
    const seen = await replayEpisode({ native, machine }, episode, index);
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
  return { native, machine };
}

/** The machine takes what is stored, whose times hold; the code says what it would do. */
async function replayEpisode(
  { native, machine }: LiveRun,
  { input, at, commands }: Episode,
  episode: number,
): Promise<Command[]> {
  machine.apply(input, at);
  const facts = { now: machine.now, episode, isReplay: true };
  const seen: Command[] = [];
  for (let next = machine.next(); next !== undefined; next = machine.next()) {
    // oxlint-disable-next-line no-await-in-loop -- one delivery after the other.
    const given = await native.drive(next, facts);
    machine.accept(commands.slice(seen.length, seen.length + given.length));
    seen.push(...given);
  }
  native.table.forgetMade();
  return seen;
}

function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
