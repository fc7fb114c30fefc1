import { TroupeError } from "@troupe/core";
import {
  type DurablePart,
  type Extension,
  type PartHost,
  type PartKey,
  partKey,
  type SiloHost,
} from "@troupe/sdk";
import { guardDeterminism } from "../executor/determinism-guards.ts";
import {
  ANSWER_TURN,
  AWAKE_TURN,
  FOREIGN_TURN,
  LEFT_TURN,
  OUTCOME_TURN,
  PAUSED_TURN,
  RESUME_TURN,
  START_TURN,
  STARTED_TURN,
} from "./flow-turns.ts";
import type { CommandToken } from "./run-effects.ts";
import { beChild, takeLeft, takeStarted } from "./family.ts";
import { takeAnswer, takeOutcome, takePause } from "./run-inbox.ts";
import { awakeEntry, type Parent, type RunRecord } from "./run-record.ts";
import { RUN_PREFIXES } from "./run-store.ts";
import type { LongPause } from "./step-runner.ts";
import type { Answer } from "./made-inputs.ts";
import { WorkflowInstance } from "./workflow-instance.ts";
import { programsOf } from "./workflow-program.ts";

/** The run that an actor of a workflow type is. */
export const WORKFLOW: PartKey<WorkflowInstance> = partKey("workflow");

/** What workflow types need of each silo that hosts them. One for all types. */
export const workflowExtension: Extension = {
  name: "workflow",
  parts: (silo) => [workflowPart(silo)],
};

function workflowPart(silo: SiloHost): DurablePart<WorkflowInstance> {
  if (silo.isTrial) guardDeterminism();
  return {
    key: WORKFLOW,
    prefixes: Object.values(RUN_PREFIXES),
    isNeededBy: (definition) => programsOf(definition) !== undefined,
    create: (host) => {
      const programs = programsOf(host.definition);
      if (programs === undefined) throw new RangeError(`${host.address.type} is no workflow`);
      return new WorkflowInstance(host, silo, programs);
    },
    entryOf: (field, record) =>
      field.startsWith(RUN_PREFIXES.record) ? awakeEntry(record as RunRecord) : undefined,
    turns: {
      [RESUME_TURN]: (host) => runOf(host).resume(),
      [AWAKE_TURN]: (host, [tag, dueAt]) =>
        runOf(host).upkeep?.lookAwake(String(tag), Number(dueAt)),
      [OUTCOME_TURN]: (host, [runId, number]) =>
        takeOutcome(runOf(host), { runId: String(runId), number: Number(number) }),
      [PAUSED_TURN]: (host, [runId, number, pause]) =>
        takePause(
          runOf(host),
          { runId: String(runId), number: Number(number) },
          pause as LongPause,
        ),
      [ANSWER_TURN]: (host, [token, answer]) =>
        takeAnswer(runOf(host), token as CommandToken, answer as Answer),
      [START_TURN]: (host, [input, parent]) =>
        beChild(runOf(host), input, parent as Parent | undefined),
      [STARTED_TURN]: (host, [token, answer]) =>
        takeStarted(runOf(host), token as CommandToken, answer as Answer),
      [LEFT_TURN]: (host, [token, kind]) =>
        takeLeft(runOf(host), token as CommandToken, kind === "terminate" ? kind : "cancel"),
      [FOREIGN_TURN]: (host, [message]) => runOf(host).takeForeign(String(message)),
    },
  };
}

/** Other types have the turns too, as turns belong to the silo. */
function runOf(host: PartHost): WorkflowInstance {
  if (programsOf(host.definition) === undefined)
    throw new TroupeError("NO_SUCH_WORKFLOW", `${host.address.type} is no workflow type`);
  return host.part(WORKFLOW);
}
