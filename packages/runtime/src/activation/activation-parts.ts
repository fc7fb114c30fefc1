import type { ReplySink } from "@troupe/client";
import type { ActorAddress, Clock, Logger, MakeReference, RequestEnvelope } from "@troupe/core";
import type { CallOptions, SystemTurn } from "@troupe/sdk";
import type { CallBudget } from "./call-budget.ts";
import type { ActorStorage } from "./actor-storage.ts";
import type { Activation } from "./activation.ts";
import type { ActivationStreams } from "./activation-streams.ts";
import type { ServeCall } from "./incoming-call.ts";
import type { RunnerOwner } from "./runner-owner.ts";
import type { TurnLog } from "./turn-log.ts";
import type { TurnMeter } from "./turn-meter.ts";
import type { TurnRunner } from "./turn-runner.ts";

/** What a turn does that calls no method of the actor: a system turn, or a hook. */
export type TurnWork = (activation: Activation, args: readonly unknown[]) => unknown;

/** Takes a durable send of the running turn. */
export type PostSend = (to: ActorAddress, method: string, args: readonly unknown[]) => void;

/** What the activations of a silo share. */
export interface ActivationParts {
  readonly siloId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What may wait on this silo. */
  readonly budget: CallBudget;
  /** False while the silo's lease is in doubt: then no turn starts (C1). */
  isServing(now: number): boolean;
  /** True once the silo is certain again of its lease, false if it is lost. */
  serving(): Promise<boolean>;
  createStorage(activation: Activation): ActorStorage;
  /** A reference for the actor's own code. */
  reference(type: string, id: string, options: CallOptions | undefined): unknown;
  /** A reference to a stateless worker, for the actor's own code. */
  worker(type: string, options: CallOptions | undefined): unknown;
  /** A reference whose methods post durable sends. */
  sendReference(type: string, id: string, post: PostSend): unknown;
  /** A reference that came with a message. */
  readonly makeReference: MakeReference;
  systemTurn(name: string): SystemTurn | undefined;
  /** Has a call served by the actor's method; chosen once, with or without filters. */
  readonly serve: ServeCall;
  /**
   * Takes back a request that was accepted but not run, to bring it to the activation that comes
   * next.
   */
  redispatch(request: RequestEnvelope, sink: ReplySink): void;
  /** The request is refused because this silo cannot claim the actor; it will come again. */
  refused(request: RequestEnvelope, sink: ReplySink): void;
  /** The streams that the silo's actors serve. */
  readonly streams: ActivationStreams;
  /** What the silo's log says of turns. */
  readonly turnLog: TurnLog;
  /** Counts turns, if anybody may ask for the numbers. */
  readonly turnMeter: TurnMeter | undefined;
  /** Something waits for turns of the activation that run: see `WaitWatch`. */
  watch(activation: RunnerOwner, runner: TurnRunner): void;
  /** The silos that run a definition of the type that is not in force. */
  waitingHostsOf(type: string): readonly string[];
  /** Revision of the silo's view. */
  revision(): number;
  /** Called once, when the activation is over. */
  onGone(activation: Activation): void;
}
