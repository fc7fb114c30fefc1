import {
  bytes,
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
/** The message without fields. */
export const empty: FieldKind<Empty> = message("Empty", {});

/** The message of a silo that says how it is. */
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
/** How a silo is, at one moment. */
export type SnapshotResponse = FieldType<typeof snapshotResponse>;

/** The message of a silo that has tried what it depends on. */
export const healthResponse = message("HealthResponse", {
  /** False while the silo's lease is in doubt. */
  serving: flag,
  /** For so long the silo serves at least, unless its lease is renewed before. */
  leaseMarginMs: whole,
  leaseTtlMs: whole,
  /** Why the silo does not reach the membership, or empty. */
  membershipError: text,
  /** Why the silo does not reach the store of states, or empty. */
  stateError: text,
  /** Why the silo does not reach the store of reminders, or empty. */
  remindersError: text,
});
/** What a silo depends on, as it has just found it. */
export type HealthResponse = FieldType<typeof healthResponse>;

/** The message that asks for a page. */
export const pageRequest = message("PageRequest", {
  /** Entries that the page has at most, from 1 to 1,000. 0 stands for 1,000. */
  pageSize: whole,
  cursor: text,
});
/** Which page of a list is asked for. */
export type PageRequest = FieldType<typeof pageRequest>;

/** The message that asks for a page of one type of actors. */
export const typedPageRequest = message("TypedPageRequest", {
  /** Only actors of this type. Empty stands for all types. */
  type: text,
  pageSize: whole,
  cursor: text,
});
/** Which page is asked for, and of which type of actors. */
export type TypedPageRequest = FieldType<typeof typedPageRequest>;

/** The message that asks for ids of the actors of one type. */
export const idsRequest = message("IdsRequest", {
  type: text,
  /** What the ids begin with. */
  prefix: text,
  /** True for those that are active on the silo, false for those that have stored fields. */
  active: flag,
  pageSize: whole,
  cursor: text,
});
/** Which ids of a type are asked for. */
export type IdsRequest = FieldType<typeof idsRequest>;

/** The message with a page of ids. */
export const idsPage = message("IdsPage", { ids: listOf(text), next: text });
/** A page of ids. */
export type IdsPage = FieldType<typeof idsPage>;

/** The message that asks for another definition of an actor type. */
export const switchRequest = message("SwitchRequest", {
  type: text,
  /** Of the definition that is to be in force. */
  digest: text,
});
/** Which definition of an actor type is to be in force. */
export type SwitchRequest = FieldType<typeof switchRequest>;

/** The message of one active actor. */
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

/** The message with a page of active actors. */
export const activationsPage = message("ActivationsPage", {
  activations: listOf(activationInfo),
  next: text,
});
/** A page of active actors. */
export type ActivationsPage = FieldType<typeof activationsPage>;

/** The message of one reminder of the due index. */
export const dueReminder = message("DueReminder", {
  type: text,
  id: text,
  name: text,
  /** The next tick. After a tick that threw it is the next attempt. */
  nextAt: whole,
});
/** A reminder as the due index has it. */
export type DueReminder = FieldType<typeof dueReminder>;

/** The message with a page of reminders. */
export const remindersPage = message("RemindersPage", {
  reminders: listOf(dueReminder),
  next: text,
});
/** A page of reminders. */
export type RemindersPage = FieldType<typeof remindersPage>;

/** The message that an actor has a dead letter. */
export const deadLetterEntry = message("DeadLetterEntry", {
  /** The actor that sent it, and that keeps it. */
  type: text,
  id: text,
  seq: whole,
  diedAt: whole,
});
/** That an actor has a dead letter. The letter itself is kept with the actor. */
export type DeadLetterEntry = FieldType<typeof deadLetterEntry>;

/** The message with a page of dead letters. */
export const deadLettersPage = message("DeadLettersPage", {
  letters: listOf(deadLetterEntry),
  next: text,
});
/** A page of dead letters. */
export type DeadLettersPage = FieldType<typeof deadLettersPage>;

/** The message of one stored actor. */
export const storedActor = message("StoredActor", { type: text, id: text });
/** An actor that has stored state, whether it is active or not. */
export type StoredActor = FieldType<typeof storedActor>;

/** The message with a page of stored actors. */
export const storedActorsPage = message("StoredActorsPage", {
  actors: listOf(storedActor),
  next: text,
});
/** A page of stored actors. */
export type StoredActorsPage = FieldType<typeof storedActorsPage>;

/** The message that asks for what is stored of some actors. */
export const contentsRequest = message("ContentsRequest", {
  /** At most 100. */
  actors: listOf(storedActor),
  /** How many bytes of the first actor's contents are known already. */
  offset: whole,
});
/** Which actors' contents are asked for. */
export type ContentsRequest = FieldType<typeof contentsRequest>;

/** The message of what is stored of one actor. */
export const storedContents = message("StoredContents", {
  type: text,
  id: text,
  /** 0 if nothing is stored of it any more. */
  epoch: whole,
  /** Number of the last commit. It tells whether two slices are of the same contents. */
  version: whole,
  /** Bytes of all its fields, as `packFields` packs them. */
  size: whole,
  /** Those of the bytes that this answer has: all, or those from the offset on. */
  fields: bytes,
});
/** What is stored of one actor, or a slice of that. */
export type StoredContents = FieldType<typeof storedContents>;

/** The message with the contents of actors. */
export const contentsPage = message("ContentsPage", { actors: listOf(storedContents) });
/** Contents of the first of the actors that were asked for, as many as fit into one answer. */
export type ContentsPage = FieldType<typeof contentsPage>;
