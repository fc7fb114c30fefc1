import type { Command } from "@troupe/workflow";
import type { FlowJournal, StoredEpisode, StoredRun } from "../flow-journal.ts";
import type { FlowInput, Sight } from "../flow-program.ts";

/** A command of a run, and when it was stored. */
export interface StoredCommand {
  readonly command: Command;
  readonly order: number;
}

/** What is known of a run from one `continueWith` to the next. */
export interface Round {
  readonly id: string;
  readonly runId: string;
  readonly input: FlowInput;
  readonly episodes: readonly StoredEpisode[];
  /** By their numbers. */
  readonly commands: readonly StoredCommand[];
}

/** Something that the code saw, and when it was stored. */
export interface StoredSight extends Sight {
  readonly order: number;
}

/** The rounds of a run, in order. */
export function roundsOf({ id, episodes }: StoredRun): Round[] {
  const starts = episodes.flatMap(({ input }, index) => (input.kind === "started" ? [index] : []));
  return starts.map((from, index) => {
    const own = episodes.slice(from, starts[index + 1]);
    const started = own[0]?.input;
    if (started?.kind !== "started") throw new RangeError("a round begins with its start");
    const commands = own.flatMap((episode) =>
      episode.commands.map((command) => ({ command, order: episode.order })),
    );
    return {
      id,
      runId: started.seed,
      input: started.input as FlowInput,
      episodes: own,
      commands,
    };
  });
}

/**
 * All that the code of a run saw, in order, as it is stored. The last episode of a round is never
 * stored, but the next round begins with what was seen in it.
 */
export function sightsOf(run: StoredRun): StoredSight[] {
  const sights: StoredSight[] = [];
  for (const { input, commands, episodes } of roundsOf(run)) {
    const order = episodes[0]?.order ?? 0;
    for (const sight of input.before.slice(sights.length)) sights.push({ ...sight, order });
    for (const { command, order: storedAt } of commands)
      if (command.kind === "status") sights.push({ ...(command.value as Sight), order: storedAt });
  }
  return sights;
}

/** What a sight says, which no other of its run says. */
export function describeSight({ at, kind, value }: Sight): string {
  return `${at} ${kind} ${value}`;
}

/** Calls of tills that are stored, each with when it was. */
export function storedTokens(journal: FlowJournal): Map<string, number> {
  const tokens = new Map<string, number>();
  for (const run of journal.runs.values())
    for (const { kind, value, order } of sightsOf(run))
      if (kind === "asking" || kind === "sending") tokens.set(value, order);
  return tokens;
}
