import { bucketOf, isAutomaticKey } from "@troupe/client";
import {
  type ActorAddress,
  type Clock,
  type DueEntry,
  type Fields,
  formatAddress,
  type Logger,
  type MakeReference,
  messageOf,
  parseDelivery,
  type Payload,
  type ReminderStore,
  type StateStore,
  TroupeError,
} from "@troupe/core";
import type { ActorDefinition } from "@troupe/sdk";
import type {
  ActorStorage,
  Changes,
  DurableSend,
  KeptCall,
  LoadResult,
} from "../activation/actor-storage.ts";
import { packRecord, type RecordChange } from "../record-table.ts";
import type { ScheduleTable } from "../reminders/schedule-table.ts";
import { ActorTables } from "./actor-tables.ts";
import { dueEntryOf } from "./due-entries.ts";
import { isSlotField, packSlotValue, type SlotChange, StateSlots } from "./state-slots.ts";

export interface StoredActorParts {
  readonly siloId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly stateStore: StateStore;
  readonly reminderStore: ReminderStore;
  readonly makeReference: MakeReference;
  /** Revision of the view that makes this silo the owner. */
  revision(): number;
  isServing(): boolean;
  /** True once the silo is certain of its lease, false if that is lost. */
  serving(): Promise<boolean>;
  /**
   * True if no other silo can own the actor by now; with the policy `available` a silo serves also
   * when it is not certain.
   */
  isCertain(): boolean;
  /** A reminder of this actor is due at these times now. */
  onRemindersPlanned(entries: readonly DueEntry[]): void;
  /** The timers of the actor are not what they were. */
  onTimersChanged(storage: StoredActor): void;
  /** Letters up to this number are stored, and may be delivered. */
  onLettersStored(storage: StoredActor, upTo: number): void;
  onDisposed(storage: StoredActor): void;
}

interface ActorChanges extends Changes {
  readonly slots: readonly SlotChange[];
  readonly records: readonly RecordChange<unknown>[];
}

/** What the next commit writes, by field. */
interface Staged {
  /** Bytes, or values that are still to be packed. */
  readonly slots: Map<string, unknown>;
  readonly records: Map<string, RecordChange<unknown>>;
  /**
   * Letters up to this number are stored with it; a turn that runs meanwhile may have written more,
   * and may still throw.
   */
  lettersUpTo: number;
}

function nothingStaged(): Staged {
  return { slots: new Map(), records: new Map(), lettersUpTo: 0 };
}

/**
 * The durable part of one actor, over the stores.
 *
 * S1. Everything that a unit of work changed is in one commit, maybe with what later units changed,
 *     under the epoch of this activation's claim (D1, D2).
 * S2. The due time of a reminder is in the index before the reminder is in the actor, and leaves it
 *     after: so a reminder that is stored is always found, and an entry of the index that stands
 *     for nothing is found out when its time comes (D3). The same holds for the check that finds
 *     letters left behind (D7).
 * S3. An actor of a type without slots, reminders or timers is never stored, and costs no store a
 *     thing.
 */
export class StoredActor implements ActorStorage {
  readonly slots: StateSlots;
  readonly address: ActorAddress;
  readonly #parts: StoredActorParts;
  readonly #definition: ActorDefinition;
  #tables: ActorTables | undefined;
  #epoch = 0;
  #version = 0;
  #staged: Staged | undefined;
  #includesManual = false;
  #isDisposed = false;
  /** Due times that are being taken out of the index. */
  #forgetting: Promise<void> | undefined;

  constructor(parts: StoredActorParts, address: ActorAddress, definition: ActorDefinition) {
    this.address = address;
    this.#parts = parts;
    this.#definition = definition;
    this.slots = new StateSlots(address, definition.slots, parts.makeReference);
  }

  get reminders(): ScheduleTable {
    return this.tables.reminders;
  }

  get timers(): ScheduleTable {
    return this.tables.timers;
  }

  /** What is stored besides the slots. */
  get tables(): ActorTables {
    const { address } = this;
    const { clock, makeReference } = this.#parts;
    return (this.#tables ??= new ActorTables({
      address,
      definition: this.#definition,
      clock,
      makeReference,
    }));
  }

  get #isDurable(): boolean {
    const { slots, reminders, timers } = this.#definition;
    return slots.length > 0 || reminders.size > 0 || timers.size > 0;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  async load(): Promise<LoadResult> {
    if (!this.#isDurable) return { kind: "loaded" };
    const { stateStore, siloId } = this.#parts;
    const result = await stateStore.claim(this.address, {
      revision: this.#parts.revision(),
      siloId,
    });
    if (result.kind === "refused") return { kind: "refused", revision: result.revision };
    this.#epoch = result.epoch;
    this.#version = result.version;
    this.slots.load(result.fields);
    if (this.#hasMoreThanSlots(result.fields)) this.tables.load(result.fields, this.slots);
    if (this.#tables?.hasTimers === true) this.#parts.onTimersChanged(this);
    if (this.#tables?.hasLetters === true)
      this.#parts.onLettersStored(this, this.#tables.outbox.lastSeq);
    return { kind: "loaded" };
  }

  #hasMoreThanSlots(fields: Fields): boolean {
    return this.#definition.version > 1 || fields.keys().some((field) => !isSlotField(field));
  }

  resultOf(key: string): Payload | undefined {
    const letter = parseDelivery(key);
    if (letter === undefined) return this.#tables?.results.find(key);
    return this.tables.received.has(letter.sender, letter.seq) ? NO_RESULT : undefined;
  }

  hasRoomFor(key: string): boolean {
    const letter = parseDelivery(key);
    return (
      letter === undefined ||
      this.tables.received.hasRoomFor(letter.sender, this.#parts.clock.now())
    );
  }

  send(to: ActorAddress, send: DurableSend): void {
    if (!this.#isDurable) {
      const message = `${formatAddress(this.address)} has nothing durable, so it cannot send durably; give its class a @state, or await a call`;
      throw new TroupeError("BAD_DEFINITION", message, { ran: "yes" });
    }
    this.tables.outbox.post(to, send, this.#parts.clock.now());
  }

  get mayHaveChanges(): boolean {
    return this.#isDirty || this.slots.isTouched || this.#includesManual;
  }

  collect(served: readonly KeptCall[]): ActorChanges | undefined {
    if (!this.mayHaveChanges && served.length === 0) return undefined;
    const slots = this.slots.collect(this.#includesManual);
    const hasEffect = slots.length > 0 || this.#isDirty;
    for (const { key, result } of served) this.#keep(key, result, hasEffect);
    const records = this.#tables?.collect() ?? [];
    if (this.#isDurable && slots.length + records.length > 0) return { hasEffect, slots, records };
    // Nothing of this is stored, such as a volatile timer, but it is so from now on.
    this.#adoptTables();
    this.#includesManual = false;
    return undefined;
  }

  hasChanges(): boolean {
    return this.#isDirty || this.slots.hasChanges();
  }

  stage(changes: Changes): void {
    const { slots, records } = changes as ActorChanges;
    const staged = (this.#staged ??= nothingStaged());
    for (const slot of slots) {
      slot.adopt();
      staged.slots.set(slot.field, slot.value);
    }
    for (const change of records) {
      const earlier = staged.records.get(change.field);
      staged.records.set(
        change.field,
        earlier === undefined ? change : { ...change, before: earlier.before },
      );
    }
    // Also without a record to store: a volatile timer is none.
    this.#adoptTables();
    if (this.#tables?.hasLetters === true) staged.lettersUpTo = this.#tables.outbox.lastSeq;
    this.#includesManual = false;
  }

  async flush(): Promise<void> {
    const { slots, records, lettersUpTo } = this.#staged ?? nothingStaged();
    this.#staged = undefined;
    const version = ++this.#version;
    const set = new Map<string, Uint8Array>();
    const remove: string[] = [];
    for (const [field, value] of slots) set.set(field, packSlotValue(value));
    for (const [field, { before, after }] of records) {
      if (after !== undefined) set.set(field, packRecord(after));
      else if (before !== undefined) remove.push(field);
    }
    // A silo that is no member any more writes nothing, though the epoch would refuse it too.
    if (!this.#parts.isServing() && !(await this.#parts.serving())) throw this.#fenced();
    const planned = records.size === 0 ? [] : this.#dueEntries(records.values(), "after");
    if (planned.length > 0) await this.#parts.reminderStore.add(planned);
    // An activation that was given up because a turn did not end may have a successor here, which
    // claims after this.
    if (this.#isDisposed) throw this.#fenced();
    const result = await this.#parts.stateStore.commit(this.address, {
      epoch: this.#epoch,
      version,
      set,
      remove,
    });
    if (result.kind === "fenced") throw this.#fenced();
    if (records.size === 0) return;
    if (planned.length > 0) this.#parts.onRemindersPlanned(planned);
    this.#forget(this.#dueEntries(records.values(), "before"));
    if (lettersUpTo > 0) this.#parts.onLettersStored(this, lettersUpTo);
  }

  /** An entry of the due index was found to stand for nothing. */
  forgetDue(name: string, dueAt: number): void {
    this.#forget([
      { bucket: bucketOf(formatAddress(this.address)), address: this.address, name, dueAt },
    ]);
  }

  rollback(): void {
    this.slots.rollback();
    this.#tables?.rollback();
    this.#includesManual = false;
  }

  includeManualSlots(): void {
    this.#includesManual = true;
  }

  settled(): Promise<void> {
    return this.#forgetting ?? Promise.resolve();
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#parts.onDisposed(this);
  }

  #keep(key: string, result: Payload, hasEffect: boolean): void {
    const now = this.#parts.clock.now();
    const letter = parseDelivery(key);
    if (letter !== undefined) this.tables.received.put(letter.sender, letter.seq, now);
    // A call without effect may as well be served again; unless its caller asked for the same
    // answer.
    else if (hasEffect || !isAutomaticKey(key)) this.tables.results.put(key, result, now);
  }

  get #isDirty(): boolean {
    return this.#tables?.isDirty === true;
  }

  #adoptTables(): void {
    const timersChanged = this.#tables?.haveTimersChanged === true;
    this.#tables?.adopt();
    if (timersChanged && !this.#isDisposed) this.#parts.onTimersChanged(this);
  }

  #fenced(): TroupeError {
    const message = `${formatAddress(this.address)} is owned by another silo by now; nothing of this turn was stored`;
    return new TroupeError("FENCED", message, { ran: "maybe" });
  }

  /**
   * What stood in the due index for the records before the change, or has to after it, as far as
   * the two differ.
   */
  #dueEntries(changes: Iterable<RecordChange<unknown>>, side: "before" | "after"): DueEntry[] {
    const entries: DueEntry[] = [];
    for (const { field, before, after } of changes) {
      const from = dueEntryOf(this.address, field, before);
      const to = dueEntryOf(this.address, field, after);
      if (from?.dueAt === to?.dueAt) continue;
      const entry = side === "before" ? from : to;
      if (entry !== undefined) entries.push(entry);
    }
    return entries;
  }

  /**
   * In the background: an entry too many is harmless, and the actor's next turn need not wait. But
   * the actor's next activation does, and without the lease it is not done: another silo may have
   * set the same due time anew by then, and no epoch would keep this one from taking it away (D3).
   */
  #forget(entries: readonly DueEntry[]): void {
    if (entries.length === 0 || !this.#parts.isCertain()) return;
    this.#forgetting = this.#remove(entries, this.#forgetting);
  }

  async #remove(entries: readonly DueEntry[], earlier: Promise<void> | undefined): Promise<void> {
    try {
      await this.#parts.reminderStore.remove(entries);
    } catch (error) {
      this.#parts.logger.debug(
        { reason: messageOf(error) },
        "due times that are over could not be removed; they are when they come up",
      );
    }
    await earlier;
  }
}

/** The answer to a durable send that has taken effect already. */
const NO_RESULT: Payload = { value: undefined, revive: false, size: 0 };
