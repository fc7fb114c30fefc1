import type { WorkflowInstance } from "./workflow-instance.ts";

/** From now on inputs wait. Steps that are under way end. */
export async function suspendRun(run: WorkflowInstance): Promise<void> {
  run.checkUnbroken();
  const { record } = run;
  if (record !== undefined)
    run.store.record = { ...record, suspendedAt: record.suspendedAt ?? run.host.clock.now() };
  await run.follow();
}

/** A run that is suspended goes on, and one that is blocked is tried again. */
export async function resumeRun(run: WorkflowInstance): Promise<void> {
  run.checkUnbroken();
  if (run.record === undefined) return;
  const { suspendedAt: _, ...record } = run.record;
  run.store.record = record;
  await retryRun(run);
}

/** A run that is blocked is tried again with the same code. */
export async function retryRun(run: WorkflowInstance): Promise<void> {
  run.checkUnbroken();
  const { record } = run;
  const { blocked } = record ?? {};
  if (record !== undefined && blocked !== undefined)
    run.store.record = { ...record, blocked: { ...blocked, digest: "" } };
  await run.resume();
}
