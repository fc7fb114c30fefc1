import { formatAddress, randomId, toPortable, TroupeError } from "@troupe/core";
import type { Episode } from "../machine/episode.ts";
import { inputDigest } from "./input-digest.ts";
import { readHistory } from "./read-history.ts";
import type { Parent, RunRecord } from "./run-record.ts";
import { type IfExists, startPlan } from "./start-options.ts";
import { statusOf } from "./workflow-status.ts";
import type { WorkflowInstance } from "./workflow-instance.ts";

/** What a start has found, or made. */
export interface Started {
  readonly id: string;
  /** False if the run was there already, with the same input. */
  readonly isNew: boolean;
}

/** Starts the run, or does what `ifExists` says if there is one already (W5). */
export async function startRunOf(
  run: WorkflowInstance,
  input: unknown,
  options: unknown,
  parent?: Parent,
): Promise<Started> {
  const name = formatAddress(run.address);
  const { id } = run.address;
  const now = run.host.clock.now();
  const plan = startPlan(name, options, { now, program: run.program });
  const { value } = toPortable(input, { root: "input" });
  const digest = inputDigest(value);
  const { record } = run;
  if (record !== undefined) {
    const decision = decide(plan.ifExists, record, digest);
    if (decision === "refuse") throw alreadyExists(run, record, digest);
    if (decision === "attach") return { id, isNew: false };
    await makeRoom(run);
  }
  const { tags, notBefore, deadline, events } = plan;
  await run.start(
    {
      runId: randomId(run.silo.random),
      inputDigest: digest,
      startedAt: now,
      version: run.code.newVersion,
      ...(tags && { tags }),
      ...(parent && { parent }),
    },
    {
      input: value,
      ...(events.length > 0 && { events }),
      ...(notBefore !== undefined && { notBefore }),
      ...(deadline !== undefined && { deadline }),
    },
  );
  return { id, isNew: true };
}

/**
 * Begins a run from a part of the history of one that has ended: its episodes before `from`. What
 * was pending there is begun again. Throws `WORKFLOW_OPEN`, and `BAD_INPUT` for an episode that is
 * not there.
 */
export async function rerunOf(
  run: WorkflowInstance,
  sourceId: string,
  from: number,
): Promise<Started> {
  const { type, id } = run.address;
  const source = { type, id: sourceId };
  const stored = await readHistory(run.silo.stateStore, source);
  const { record } = stored;
  if (record === undefined)
    throw new TroupeError("NO_SUCH_WORKFLOW", `there is no run ${formatAddress(source)}`);
  if (record.endedAt === undefined) throw stillOpen(formatAddress(source), "be run again");
  if (sourceId !== id && run.record !== undefined)
    throw alreadyExists(run, run.record, record.inputDigest);
  const last = stored.episodes.length - 1;
  if (!Number.isInteger(from) || from < 1 || from > last) {
    const message = `${formatAddress(source)} cannot be run again from episode ${from}; give a whole number from 1 to ${last}`;
    throw new TroupeError("BAD_INPUT", message);
  }
  const { inputDigest: digest, tags, version, earlierIds = [] } = record;
  const runId = randomId(run.silo.random);
  const now = run.host.clock.now();
  await run.begin(
    {
      runId,
      inputDigest: digest,
      startedAt: now,
      isAgain: true,
      ...(version !== undefined && { version }),
      earlierIds: [
        ...earlierIds.filter(({ before }) => before < from),
        { id: sourceId, before: from },
      ],
      ...(tags && { tags }),
    },
    stored.episodes.slice(0, from).map(withoutDeadline),
  );
  return { id, isNew: true };
}

/** The error for what only a run that has ended can do, or have done to it. */
export function stillOpen(name: string, what: string): TroupeError {
  const message = `${name} has not ended, so it cannot ${what}; terminate it first`;
  return new TroupeError("WORKFLOW_OPEN", message);
}

function decide(
  ifExists: IfExists,
  { endedAt, inputDigest: before }: RunRecord,
  digest: string,
): "begin" | "attach" | "refuse" {
  if (ifExists === "fail") return "refuse";
  if (ifExists === "replace" || (ifExists === "restart" && endedAt !== undefined)) return "begin";
  return before === digest ? "attach" : "refuse";
}

/** A run that has not ended is terminated, as if by itself: its parent and children are told. */
async function makeRoom(run: WorkflowInstance): Promise<void> {
  if (!run.machine.hasEnded)
    await run.take({ kind: "terminate", reason: "another start has taken its place" });
  const { record } = run;
  if (record !== undefined) await run.begin(record, []);
}

function alreadyExists(run: WorkflowInstance, record: RunRecord, digest: string): TroupeError {
  const since = new Date(record.startedAt).toISOString();
  const input = record.inputDigest === digest ? "the same input" : "another input";
  const state = statusOf(run)?.state ?? "not there";
  const message = `${formatAddress(run.address)} was started at ${since} with ${input} (${record.inputDigest}, now ${digest}), and is ${state}; take another id, or another ifExists`;
  return new TroupeError("ALREADY_EXISTS", message);
}

function withoutDeadline(episode: Episode): Episode {
  const { input } = episode;
  if (input.kind !== "started") return episode;
  const { deadline: _, ...rest } = input;
  return { ...episode, input: rest };
}
