import {
  anything,
  bytes,
  counts,
  type FieldType,
  flag,
  listOf,
  message,
  text,
  whole,
} from "./message.ts";

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

/** The message of a turn that runs. */
export const runningTurn = message("RunningTurn", {
  method: text,
  /** For how long it has run, in milliseconds. */
  ageMs: whole,
});
/** A turn that runs. */
export type RunningTurn = FieldType<typeof runningTurn>;

/** The message of a durable send that has not yet arrived. */
export const pendingSend = message("PendingSend", {
  seq: whole,
  /** The receiver. */
  type: text,
  id: text,
  method: text,
  sentAt: whole,
});
/** A durable send that has not yet arrived. */
export type PendingSend = FieldType<typeof pendingSend>;

/** The message of an actor as its owner and the store know it. */
export const actorReport = message("ActorReport", {
  type: text,
  id: text,
  /** The silo that owns it. */
  siloId: text,
  /** `asleep`, `loading`, `active` or `closing`. */
  activation: text,
  /** Turns that wait in the mailbox. */
  waiting: whole,
  turns: listOf(runningTurn),
  /** False if nothing is stored of it. */
  isStored: flag,
  epoch: whole,
  /** Number of the last commit. */
  version: whole,
  /** Version of the type that stored the state. */
  stateVersion: whole,
  /** Stored slots by name. One that is too large is a text that says how large. */
  state: anything,
  reminders: listOf(actorReminder),
  /** Durable sends that have not yet arrived, at most 100 of them, the oldest first. */
  outbox: listOf(pendingSend),
  /** All durable sends that have not yet arrived. */
  pendingSends: whole,
  deadLetters: whole,
  /** Stored bytes by durable part. */
  bytesByPart: counts,
});
/** An actor as its owner and the store know it. */
export type ActorReport = FieldType<typeof actorReport>;

/** The message with what an actor is to have stored, or a slice of that. */
export const importRequest = message("ImportRequest", {
  /** Tells the export from every other. */
  exportId: text,
  /** The epoch that the actor had where it was exported. */
  epoch: whole,
  /** Overwrites an actor that has stored something else. */
  replace: flag,
  /** Leaves an actor alone into which this export has been imported before. */
  resume: flag,
  /** Bytes of all the fields, as `packFields` packs them. */
  size: whole,
  /** Where this slice of them begins. */
  offset: whole,
  fields: bytes,
});
/** What an actor is to have stored, or a slice of that. */
export type ImportRequest = FieldType<typeof importRequest>;

/** What became of an imported actor. `more`: the rest of its slices is awaited. */
export const IMPORT_RESULTS = ["more", "imported", "replaced", "same", "done", "exists"] as const;
/** What became of an imported actor. */
export type ImportResult = (typeof IMPORT_RESULTS)[number];
