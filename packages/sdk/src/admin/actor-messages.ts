import { anything, type FieldType, listOf, message, text, whole } from "./message.ts";

/**
 * The messages of the service `ActorAdmin` in `proto/troupe/admin.proto`: what an actor answers to
 * operators.
 */

export const actorReminder = message("ActorReminder", {
  name: text,
  /** The next tick. After a tick that threw it is the next attempt. */
  nextAt: whole,
  /** Ticks so far. */
  count: whole,
  /** Ticks that were given up because each attempt threw. */
  failed: whole,
  data: anything,
});
/** A reminder as its actor has it. */
export type ActorReminder = FieldType<typeof actorReminder>;

/** The message of a durable send that was given up. */
export const deadLetter = message("DeadLetter", {
  seq: whole,
  /** The receiver. */
  type: text,
  id: text,
  method: text,
  /** Why it was given up. */
  reason: text,
  sentAt: whole,
  diedAt: whole,
  args: listOf(anything),
});
