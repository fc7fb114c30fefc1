import {
  counts,
  decimal,
  type FieldKind,
  type FieldType,
  flag,
  listOf,
  message,
  text,
  whole,
} from "./message.ts";

/**
 * The messages of `proto/troupe/admin.proto`. Moments are in milliseconds since the Unix epoch. A
 * list comes in pages: `cursor` is empty for the first page, and else what the page before gave as
 * `next`. `next` is empty on the last page.
 */

/** A message without fields. */
export type Empty = Readonly<Record<string, never>>;
export const empty: FieldKind<Empty> = message("Empty", {});

export const snapshotResponse = message("SnapshotResponse", {
  siloId: text,
  /** `host:port`. */
  address: text,
  /** `joining`, `active` or `draining`. */
  state: text,
  /** False while the silo's lease is in doubt. */
  serving: flag,
  /** Revision of the silo's view. */
  revision: whole,
  startedAt: whole,
  activations: whole,
  activationsByType: counts,
  /** Calls that the silo took since it started. */
  callsTotal: whole,
  /** Over the last seconds. */
  callsPerSecond: decimal,
  /** Calls that the silo's own actors and callers wait for. */
  callsPending: whole,
});
export type SnapshotResponse = FieldType<typeof snapshotResponse>;

export const pageRequest = message("PageRequest", {
  /** Entries that the page has at most, from 1 to 1,000. 0 stands for 1,000. */
  pageSize: whole,
  cursor: text,
});
export type PageRequest = FieldType<typeof pageRequest>;

export const typedPageRequest = message("TypedPageRequest", {
  /** Only actors of this type. Empty stands for all types. */
  type: text,
  pageSize: whole,
  cursor: text,
});
export type TypedPageRequest = FieldType<typeof typedPageRequest>;

export const activationInfo = message("ActivationInfo", {
  type: text,
  id: text,
  /** `loading`, `active` or `closing`. */
  state: text,
  /** Turns that wait in the mailbox. */
  waiting: whole,
});
/** One active actor. */
export type ActivationInfo = FieldType<typeof activationInfo>;

export const activationsPage = message("ActivationsPage", {
  activations: listOf(activationInfo),
  next: text,
});
export type ActivationsPage = FieldType<typeof activationsPage>;

export const dueReminder = message("DueReminder", {
  type: text,
  id: text,
  name: text,
  /** The next tick. After a tick that threw it is the next attempt. */
  nextAt: whole,
});
/** A reminder as the due index has it. */
export type DueReminder = FieldType<typeof dueReminder>;

export const remindersPage = message("RemindersPage", {
  reminders: listOf(dueReminder),
  next: text,
});
export type RemindersPage = FieldType<typeof remindersPage>;

export const deadLetterEntry = message("DeadLetterEntry", {
  /** The actor that sent it, and that keeps it. */
  type: text,
  id: text,
  seq: whole,
  diedAt: whole,
});
/** That an actor has a dead letter. The letter itself is kept with the actor. */
export type DeadLetterEntry = FieldType<typeof deadLetterEntry>;

export const deadLettersPage = message("DeadLettersPage", {
  letters: listOf(deadLetterEntry),
  next: text,
});
export type DeadLettersPage = FieldType<typeof deadLettersPage>;

export const storedActor = message("StoredActor", { type: text, id: text });
/** An actor that has stored state, whether it is active or not. */
export type StoredActor = FieldType<typeof storedActor>;

export const storedActorsPage = message("StoredActorsPage", {
  actors: listOf(storedActor),
  next: text,
});
export type StoredActorsPage = FieldType<typeof storedActorsPage>;
