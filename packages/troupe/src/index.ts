export {
  type ActorAddress,
  type Duration,
  ERROR_CODES,
  type ErrorCode,
  type Logger,
  type Member,
  type MemberState,
  type Ran,
  silentLogger,
  TroupeError,
  type TroupeErrorOptions,
  type View,
} from "@troupe/core";
export type { SiloSnapshot } from "@troupe/runtime";
export {
  Actor,
  type ActorClass,
  type ActorDefinition,
  type ActorOptions,
  type ActorRef,
  type CallContext,
  type CallOptions,
  type DeactivationReason,
  defineActor,
  type DefineActorOptions,
  type ReminderTick,
  type ScheduleInfo,
  type ScheduleOptions,
  type Schedules,
  type StateOptions,
  type TimerOptions,
  type TimerTick,
  type UntypedActorRef,
  actor,
  idempotent,
  interleave,
  internal,
  oneWay,
  readonly,
  reminder,
  state,
  timer,
} from "@troupe/sdk";
export type { LogLevel } from "./config/settings.ts";
export { type Cluster, connect } from "./connect.ts";
export type { ClusterOptions, ConnectOptions, SiloOptions, TlsOption } from "./public-options.ts";
export { type Silo, startSilo } from "./start-silo.ts";
