import type { ActorAddress, Logger } from "@troupe/core";
import type { CallContext, CallOptions } from "./call-context.ts";
import type { PartKey } from "./extension/part-key.ts";
import type { Schedules, TimerOptions } from "./schedule-options.ts";

/**
 * The durable slots of one actor, as their accessors use them. A slot that is never initialised
 * starts as undefined.
 */
export interface SlotAccess {
  /**
   * Takes what an initialiser or the constructor gave; a stored value, if there is one, comes
   * before it. Called only during `constructActor`, and again for a slot that a subclass or the
   * constructor gives another first value: the last one counts.
   */
  initialise(name: string, initial: unknown): void;
  /** Also called during `constructActor`, when one initialiser reads the slot of another. */
  read(name: string): unknown;
  /** Only after `constructActor` has returned. Throws `READONLY_WRITE` in a readonly turn. */
  write(name: string, value: unknown): void;
}

/** What an activation gives to the actor that lives in it. Only `Actor` reads it. */
export interface ActorHost {
  readonly address: ActorAddress;
  readonly slots: SlotAccess;
  readonly log: Logger;
  readonly reminders: Schedules;
  readonly timers: Schedules<TimerOptions>;
  /** Of the running turn; throws outside of one. */
  context(): CallContext;
  reference(type: string, id: string, options: CallOptions | undefined): unknown;
  /** A reference to a stateless worker. */
  worker(type: string, options: CallOptions | undefined): unknown;
  /** A reference whose methods post durable sends; see `SendRef`. */
  send(type: string, id: string): unknown;
  /** What this actor has of a durable part. Throws `BAD_CONFIG` for a part that is not there. */
  part<S>(key: PartKey<S>): S;
  /** Milliseconds since the Unix epoch. */
  now(): number;
  deactivate(): void;
  /** Ends the actor's stored life with the running turn; see `Actor.destroy`. */
  destroy(): void;
  /**
   * From now on the activation does something outside of its turns, such as a step of a workflow.
   * It counts as a running turn: the actor is not idle, and a silo that drains or hands the actor
   * over waits for it, 30 s at most. Call what this returns when it is done; twice is harmless.
   */
  busy(): () => void;
  /** Stores the changed manual slots with the running turn. */
  save(): void;
}
