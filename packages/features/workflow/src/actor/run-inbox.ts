import { type Answer, answerInput } from "./made-inputs.ts";
import type { CommandToken } from "./run-effects.ts";
import type { LongPause } from "./step-runner.ts";
import type { WorkflowInstance } from "./workflow-instance.ts";

/** What became of a step that ran here. */
export async function takeOutcome(
  run: WorkflowInstance,
  { runId, number }: CommandToken,
): Promise<void> {
  const settled = runId === run.runId ? run.effects.outcomeOf(number) : undefined;
  if (settled === undefined) return;
  await run.take({ kind: "outcome", of: number, settled });
  run.effects.forgetOutcome(number);
}

/** A step waits for its next attempt. */
export async function takePause(
  run: WorkflowInstance,
  { runId, number }: CommandToken,
  pause: LongPause,
): Promise<void> {
  if (runId === run.runId) await run.take({ kind: "attempt", of: number, ...pause });
}

/** An actor has answered. */
export async function takeAnswer(
  run: WorkflowInstance,
  { runId, number }: CommandToken,
  answer: Answer,
): Promise<void> {
  if (runId === run.runId) await run.take(answerInput(number, answer));
}
