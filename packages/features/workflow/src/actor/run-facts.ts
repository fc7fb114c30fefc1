import type { EarlierId } from "../executor/native-run.ts";
import type { WorkflowInstance } from "./workflow-instance.ts";

/** What a dry replay elsewhere has to know of a run besides its history. */
export interface RunFacts {
  readonly runId: string;
  readonly version: number;
  readonly earlierIds: readonly EarlierId[];
  readonly hasEnded: boolean;
}

export function factsOf(run: WorkflowInstance): RunFacts {
  const { runId, record, program, machine } = run;
  const { version = program.version, earlierIds = [] } = record ?? {};
  return { runId, version, earlierIds, hasEnded: machine.hasEnded };
}
