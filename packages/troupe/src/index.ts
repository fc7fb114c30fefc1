export {
  type ActorAddress,
  type Duration,
  ERROR_CODES,
  type ErrorCode,
  type Logger,
  type Member,
  type MemberState,
  type Provider,
  type Ran,
  silentLogger,
  TroupeError,
  type TroupeErrorOptions,
  type View,
} from "@troupe/core";
export type { LeasePolicy, SiloSnapshot } from "@troupe/runtime";
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
  type SendRef,
  type UntypedActorRef,
  type UntypedSendRef,
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
export type { LogLevel } from "@troupe/host";
export type { DeadLetter, DeadLetterAccess, DeadLetters } from "@troupe/host";
export { type Cluster, connect } from "@troupe/host";
export type { ClusterOptions, ConnectOptions, SiloOptions, TlsOption } from "@troupe/host";
export { type Silo, startSilo } from "@troupe/host";
