import { messageOf, silentLogger, toPortable, TroupeError } from "@troupe/core";
import type { ActorDefinition } from "@troupe/sdk";
import type { Episode } from "../machine/episode.ts";
import { dryParts, replayHistory } from "./replay-history.ts";
import type { RunFacts } from "./run-facts.ts";
import { type ActorSource, pagesOf } from "./workflow-handle.ts";
import { programsOf, type WorkflowPrograms } from "./workflow-program.ts";

/** Whatever refers to actors and finds them: a silo, a client. */
export interface ActorFinder extends ActorSource {
  actors(type: string): { list(): AsyncIterable<string> };
}

/** What a check found. */
export interface HistoryCheck {
  /** Open runs whose histories were replayed. */
  readonly checked: number;
  /** The runs that this code would block. */
  readonly problems: readonly HistoryProblem[];
}

/** A run that the new code would block, and why. */
export interface HistoryProblem {
  readonly type: string;
  readonly id: string;
  readonly code: string;
  /** Says what differs, and the file and line of what this code does. */
  readonly message: string;
}

/**
 * Replays the histories of open runs against code that is not deployed yet. Nothing runs, and
 * nothing is changed. `problems` has the runs that the new code would block.
 *
 * `types` are the new definitions, with their earlier versions. `sample` is how many open runs of
 * each type are looked at, at most; default: all. Rejects with `BAD_DEFINITION` for a type that is
 * no workflow.
 *
 * @example
 * ```ts
 * const { problems } = await checkHistories(cluster, [Order], { sample: 1_000 });
 * for (const { message } of problems) console.error(message);
 * process.exitCode = problems.length === 0 ? 0 : 1;
 * ```
 */
export async function checkHistories(
  cluster: ActorFinder,
  types: readonly ActorDefinition[],
  { sample = Number.POSITIVE_INFINITY }: { readonly sample?: number } = {},
): Promise<HistoryCheck> {
  const problems: HistoryProblem[] = [];
  let checked = 0;
  for (const type of types) {
    const programs = programsOf(type);
    if (programs === undefined)
      throw new TroupeError("BAD_DEFINITION", `${type.name} is no workflow; give workflows`);
    let left = sample;
    // oxlint-disable no-await-in-loop -- one run after the other.
    for await (const id of cluster.actors(type.name).list()) {
      if (left <= 0) break;
      const given = await openRun(cluster, type.name, id);
      if (given === undefined) continue;
      left--;
      checked++;
      const problem = await problemOf(programs, { type: type.name, id, ...given });
      if (problem !== undefined) problems.push(problem);
    }
    // oxlint-enable no-await-in-loop
  }
  return { checked, problems };
}

interface OpenRun {
  readonly facts: RunFacts;
  readonly episodes: readonly Episode[];
}

/** Undefined if there is no run, or it has ended, or has begun anew meanwhile. */
async function openRun(
  cluster: ActorSource,
  type: string,
  id: string,
): Promise<OpenRun | undefined> {
  const call = async (method: string, ...args: readonly unknown[]): Promise<unknown> =>
    await cluster.actor(type, id)[method]?.(...args);
  try {
    const facts = (await call("facts")) as RunFacts;
    if (facts.hasEnded) return undefined;
    const episodes: Episode[] = [];
    for await (const episode of pagesOf((from) => call("history", from), 0))
      episodes.push(toPortable(episode, { root: "episode" }).value as Episode);
    const after = (await call("facts")) as RunFacts;
    return after.runId === facts.runId ? { facts, episodes } : undefined;
  } catch (error) {
    if (error instanceof TroupeError && error.code === "NO_SUCH_WORKFLOW") return undefined;
    throw error;
  }
}

async function problemOf(
  { current, byVersion }: WorkflowPrograms,
  { type, id, facts, episodes }: OpenRun & { readonly type: string; readonly id: string },
): Promise<HistoryProblem | undefined> {
  const { version, earlierIds } = facts;
  const program = byVersion.get(version);
  if (program === undefined) {
    const message = `${type}/${id} began with version ${version}, and this code has version ${current.version} only; add it to versions of the definition`;
    return { type, id, code: "VERSION_MISSING", message };
  }
  try {
    const parts = {
      address: { type, id },
      program,
      makeReference: (address: object) => address,
      earlierIds,
      log: silentLogger,
      onForeign: () => undefined,
    };
    await replayHistory(episodes, dryParts(parts));
    return undefined;
  } catch (error) {
    const code = error instanceof TroupeError ? error.code : "INTERNAL";
    return { type, id, code, message: messageOf(error) };
  }
}
