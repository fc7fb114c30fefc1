export {
  type ActorFinder,
  checkHistories,
  type HistoryCheck,
  type HistoryProblem,
} from "./actor/check-histories.ts";
export type { RunPlaces, WaitPlace } from "./actor/where-run.ts";
export { type Activity, type ActivityOptions, defineActivity } from "./actor/define-activity.ts";
export { defineWorkflow, type Workflow, type WorkflowOptions } from "./actor/define-workflow.ts";
export { type ActorSource, workflow, type WorkflowHandle } from "./actor/workflow-handle.ts";
export type { Started } from "./actor/begin-run.ts";
export type { IfExists, StartOptions } from "./actor/start-options.ts";
export type { StepStatus, WorkflowStatus } from "./actor/workflow-status.ts";
export type {
  Answered,
  Command,
  Episode,
  Input,
  LeftEvent,
  OnParentEnd,
  Settled,
} from "./machine/episode.ts";
export { Schedule, type ScheduleStatus } from "./schedules/schedule.ts";
export type { Overlap, SchedulePlan, ScheduleSpec } from "./schedules/schedule-plan.ts";
export { schedules, type Schedules } from "./schedules/schedules.ts";
export { NoRetry, RetryAfter, type RetryOptions } from "./executor/retry-policy.ts";
export type * from "./executor/step-options.ts";
export { WorkflowCancelled } from "./executor/workflow-cancelled.ts";
export {
  type ChildType,
  type DataOf,
  event,
  type EventType,
  type EventNames,
  type EventTypes,
  type Handled,
  type RaceWinner,
  type ReplyOf,
  request,
  type RequestNames,
  type RequestType,
  type WorkflowContext,
} from "./executor/workflow-context.ts";
