import { messageOf, TroupeError } from "@troupe/core";
import type { Command } from "../machine/episode.ts";
import { describeCommand } from "../machine/mismatch.ts";
import { dueAtOf } from "../machine/pending.ts";
import { readHistory } from "./read-history.ts";
import { dryParts, replayHistory } from "./replay-history.ts";
import type { WorkflowInstance } from "./workflow-instance.ts";

/** Something that the code of a run waits for. */
export interface WaitPlace {
  /** The number of the command in the run. */
  readonly number: number;
  /** For people: `event "approved"`. */
  readonly what: string;
  /** `file:line:column`; undefined if it is not known. */
  readonly place: string | undefined;
  /** When time alone goes on with it, in milliseconds since the Unix epoch. */
  readonly dueAt: number | undefined;
}

/** Where the code of a run stands. */
export interface RunPlaces {
  /** Everything that is pending, the oldest first. */
  readonly waits: readonly WaitPlace[];
  /** Why the code of this silo cannot come to where the history ends. */
  readonly problem: { readonly code: string; readonly message: string } | undefined;
}

/** Replays what is stored of the run dry, and says where its code waits. */
export async function whereIs(run: WorkflowInstance): Promise<RunPlaces> {
  const { record, episodes } = await readHistory(run.silo.stateStore, run.address);
  if (record?.endedAt !== undefined) return { waits: [], problem: undefined };
  try {
    run.code.check(record);
    const live = await replayHistory(episodes, dryParts(run.code.partsOf(record)));
    const commands = episodes.flatMap((episode): readonly Command[] => episode.commands);
    const waits = [...live.machine.pending].map(([number, pending]) => ({
      number,
      what: describeCommand(commands[number]),
      place: live.native.table.placeOf(number),
      dueAt: dueAtOf(pending),
    }));
    return { waits, problem: undefined };
  } catch (error) {
    const code = error instanceof TroupeError ? error.code : "INTERNAL";
    return { waits: [], problem: { code, message: messageOf(error) } };
  }
}
