import type { ActorAddress, Logger } from "@troupe/core";
import type { CallContext, CallOptions } from "./call-context.ts";
import type { Schedules, TimerOptions } from "./schedule-options.ts";

/** The durable slots of one actor, as the accessors that `@state` makes use them. */
export interface SlotAccess {
  /** Takes what the initialiser gave; a stored value, if there is one, comes before it. */
  initialise(name: string, initial: unknown): void;
  read(name: string): unknown;
  /** Throws `READONLY_WRITE` in a readonly turn. */
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
  /** Milliseconds since the Unix epoch. */
  now(): number;
  deactivate(): void;
  /** Stores the changed manual slots with the running turn. */
  save(): void;
}
