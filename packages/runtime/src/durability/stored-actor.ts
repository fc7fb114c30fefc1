import { bucketOf } from "@troupe/client";
import {
  type ActorAddress,
  type Clock,
  type DueEntry,
  formatAddress,
  type Logger,
  type MakeReference,
  messageOf,
  type ReminderStore,
  type StateStore,
  TroupeError,
} from "@troupe/core";
import type { ActorDefinition } from "@troupe/sdk";
import type { ActorStorage, Changes, LoadResult } from "../activation/actor-storage.ts";
import { packSchedule, type ScheduleChange, ScheduleTable } from "../reminders/schedule-table.ts";
import { packSlotValue, type SlotChange, StateSlots } from "./state-slots.ts";

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
  /** A reminder of this actor is due at these times now. */
  onRemindersPlanned(entries: readonly DueEntry[]): void;
}

/** What the next commit writes. */
interface Staged {
  /** Bytes, or values that are still to be packed, by field. */
  readonly slots: Map<string, unknown>;
  readonly schedules: Map<string, ScheduleChange>;
}

function nothingStaged(): Staged {
  return { slots: new Map(), schedules: new Map() };
}

interface ActorChanges extends Changes {
  readonly slots: readonly SlotChange[];
  readonly schedules: readonly ScheduleChange[];
}

/**
 * The durable part of one actor, over the stores.
 *
 * S1. Everything that a unit of work changed is in one commit, maybe with what later units changed, under the epoch of this
 *     activation's claim (D1, D2).
 * S2. The due time of a reminder is in the index before the reminder is in the actor, and leaves it after: so a reminder that is stored
 *     is always found, and an entry of the index that stands for nothing is found out when its time comes (D3).
 * S3. An actor of a type without slots, reminders or timers is never stored, and costs no store a thing.
 */
export class StoredActor implements ActorStorage {
  readonly slots: StateSlots;
  readonly reminders: ScheduleTable;
  readonly timers: ScheduleTable;
  /** Called when the set of timers is not what it was; `dispose` is the last time, with none left. */
  onTimersChanged: (() => void) | undefined;
  readonly #address: ActorAddress;
  readonly #parts: StoredActorParts;
  readonly #isDurable: boolean;
  #epoch = 0;
  #version = 0;
  #staged = nothingStaged();
  #includesManual = false;
  #isDisposed = false;

  constructor(parts: StoredActorParts, address: ActorAddress, definition: ActorDefinition) {
    const { makeReference, clock } = parts;
    this.#address = address;
    this.#parts = parts;
    this.#isDurable = definition.slots.length > 0 || definition.reminders.size > 0 || definition.timers.size > 0;
    const facts = { address, makeReference, now: () => clock.now() };
    this.slots = new StateSlots(address, definition.slots, makeReference);
    this.reminders = new ScheduleTable({ kind: "reminder", handlers: definition.reminders, ...facts });
    this.timers = new ScheduleTable({ kind: "timer", handlers: definition.timers, ...facts });
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  async load(): Promise<LoadResult> {
    if (!this.#isDurable) return { kind: "loaded" };
    const { stateStore, siloId } = this.#parts;
    const result = await stateStore.claim(this.#address, { revision: this.#parts.revision(), siloId });
    if (result.kind === "refused") return { kind: "refused", revision: result.revision };
    this.#epoch = result.epoch;
    this.#version = result.version;
    this.slots.load(result.fields);
    this.reminders.load(result.fields);
    this.timers.load(result.fields);
    this.onTimersChanged?.();
    return { kind: "loaded" };
  }

  collect(): ActorChanges | undefined {
    const slots = this.slots.collect(this.#includesManual);
    const schedules = [...this.reminders.collect(), ...this.timers.collect()];
    const fieldCount = slots.length + schedules.length;
    if (fieldCount > 0) return { fieldCount, slots, schedules };
    // Volatile timers are never stored, but they are set from now on.
    if (this.timers.adopt()) this.onTimersChanged?.();
    return undefined;
  }

  hasChanges(): boolean {
    return this.slots.hasChanges() || this.reminders.collect().length > 0 || this.timers.collect().length > 0;
  }

  stage(changes: Changes): void {
    const { slots, schedules } = changes as ActorChanges;
    for (const slot of slots) {
      slot.adopt();
      this.#staged.slots.set(slot.field, slot.value);
    }
    for (const change of schedules) {
      const earlier = this.#staged.schedules.get(change.field);
      this.#staged.schedules.set(change.field, earlier === undefined ? change : { ...change, before: earlier.before });
    }
    this.reminders.adopt();
    if (this.timers.adopt() && !this.#isDisposed) this.onTimersChanged?.();
    this.#includesManual = false;
  }

  async flush(): Promise<void> {
    const { slots, schedules } = this.#staged;
    this.#staged = nothingStaged();
    const version = ++this.#version;
    const set = new Map<string, Uint8Array>();
    const remove: string[] = [];
    for (const [field, value] of slots) set.set(field, packSlotValue(value));
    for (const [field, { after }] of schedules) {
      if (after === undefined) remove.push(field);
      else set.set(field, packSchedule(after));
    }
    // A silo that is no member any more writes nothing, though the epoch would refuse it too.
    if (!this.#parts.isServing() && !(await this.#parts.serving())) throw this.#fenced();
    const planned = this.#entries(schedules.values(), "after");
    if (planned.length > 0) await this.#parts.reminderStore.add(planned);
    // An activation that was given up because a turn did not end may have a successor here, which claims after this.
    if (this.#isDisposed) throw this.#fenced();
    const result = await this.#parts.stateStore.commit(this.#address, { epoch: this.#epoch, version, set, remove });
    if (result.kind === "fenced") throw this.#fenced();
    if (planned.length > 0) this.#parts.onRemindersPlanned(planned);
    this.#forget(this.#entries(schedules.values(), "before"));
  }

  rollback(): void {
    this.slots.rollback();
    this.reminders.rollback();
    this.timers.rollback();
    this.#includesManual = false;
  }

  includeManualSlots(): void {
    this.#includesManual = true;
  }

  dispose(): void {
    this.#isDisposed = true;
    this.onTimersChanged?.();
  }

  #fenced(): TroupeError {
    const message = `${formatAddress(this.#address)} is owned by another silo by now; nothing of this turn was stored`;
    return new TroupeError("FENCED", message, { ran: "maybe" });
  }

  /** The due times that changed reminders have after, or had before. One that stays the same needs no entry moved. */
  #entries(changes: Iterable<ScheduleChange>, side: "before" | "after"): DueEntry[] {
    const entries: DueEntry[] = [];
    for (const { kind, before, after } of changes) {
      // Timers are in no index: they come back with the activation.
      if (kind === "timer") continue;
      const record = side === "before" ? before : after;
      if (record === undefined || before?.nextAt === after?.nextAt) continue;
      const { name, nextAt: dueAt } = record;
      entries.push({ bucket: bucketOf(formatAddress(this.#address)), address: this.#address, name, dueAt });
    }
    return entries;
  }

  /** In the background: an entry too many is harmless, and the actor's next turn need not wait. */
  #forget(entries: readonly DueEntry[]): void {
    if (entries.length === 0) return;
    this.#parts.reminderStore.remove(entries).catch((error: unknown) => {
      this.#parts.logger.debug(
        { reason: messageOf(error) },
        "due times that are over could not be removed; they are when they come up",
      );
    });
  }
}
