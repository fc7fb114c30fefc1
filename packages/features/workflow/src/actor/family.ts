import { formatAddress, parseAddress, TroupeError } from "@troupe/core";
import type { PartHost } from "@troupe/sdk";
import type { Call } from "../executor/call-table.ts";
import type { OnParentEnd } from "../machine/episode.ts";
import { startRunOf } from "./begin-run.ts";
import { ANSWER_TURN, LEFT_TURN, START_TURN, STARTED_TURN } from "./flow-turns.ts";
import { type Answer, answerInput } from "./made-inputs.ts";
import type { CommandToken, EffectsOwner } from "./run-effects.ts";
import type { Parent } from "./run-record.ts";
import type { WorkflowInstance } from "./workflow-instance.ts";

/*
 * What runs tell each other. Each is a durable send of the turn that it belongs to (W6).
 *
 * KIN-1. A child starts once, and knows its parent. A parent learns that its child could not start
 *        as the child's end.
 * KIN-2. A child tells its end in the commit that ends it. A parent takes it once, and only while
 *        it waits for it.
 * KIN-3. A parent tells each child that it leaves. A child that has ended, or has another parent,
 *        does nothing.
 */

/** KIN-1. Without a token nobody waits for the run. */
export function startRun(
  host: PartHost,
  { to, args }: Exclude<Call, { kind: "run" }>,
  token: CommandToken | undefined,
): void {
  const answer = token && { turn: STARTED_TURN, token };
  const parent: Parent | undefined = token && { ...host.address, ...token };
  host.send(to, { method: START_TURN, args: [args[0], parent] }, answer);
}

/** KIN-3 */
export function leaveChildren(host: PartHost, { machine, runId }: EffectsOwner): void {
  for (const { name, number, onParentEnd } of machine.takeLeftChildren()) {
    const to = parseAddress(name);
    if (to === undefined || onParentEnd === "abandon") continue;
    host.send(to, { method: LEFT_TURN, args: [{ runId, number }, onParentEnd] });
  }
}

/** KIN-2. The run has ended in the running turn. */
export function tellParent(host: PartHost, run: WorkflowInstance): void {
  const { parent } = run.record ?? {};
  if (parent === undefined) return;
  const { type, id, runId, number } = parent;
  host.send({ type, id }, { method: ANSWER_TURN, args: [{ runId, number }, endOf(run)] });
}

/** The turn of a run that another one wants to be there. */
export async function beChild(
  run: WorkflowInstance,
  input: unknown,
  parent: Parent | undefined,
): Promise<void> {
  await startRunOf(run, input, { ifExists: "fail" }, parent);
}

/** The turn of a parent whose child was started, or could not be. */
export async function takeStarted(
  run: WorkflowInstance,
  { runId, number }: CommandToken,
  answer: Answer,
): Promise<void> {
  if (answer.kind === "value" || runId !== run.runId) return;
  await run.take(answerInput(number, answer));
}

/** The turn of a child whose parent does not want it any more. */
export async function takeLeft(
  run: WorkflowInstance,
  { runId, number }: CommandToken,
  kind: Exclude<OnParentEnd, "abandon">,
): Promise<void> {
  const { parent } = run.record ?? {};
  if (parent?.runId !== runId || parent.number !== number || run.machine.hasEnded) return;
  const reason = `its parent ${parent.type}/${parent.id} has ended, or does not want it any more`;
  await run.take({ kind, reason });
}

function endOf(run: WorkflowInstance): Answer {
  const { outcome, phase, reason } = run.machine;
  if (outcome?.kind === "value") return { kind: "value", value: run.revive(outcome.value) };
  if (outcome?.kind === "error") return { kind: "error", error: run.revive(outcome.error) };
  const message = `${formatAddress(run.address)} was ${phase}: ${reason}`;
  return { kind: "error", error: new TroupeError("WORKFLOW_ENDED", message) };
}
