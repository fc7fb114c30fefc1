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
import { type SlotChange, StateSlots } from "./state-slots.ts";

export interface StoredActorParts {
  readonly siloId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly stateStore: StateStore;
  readonly reminderStore: ReminderStore;
  readonly makeReference: MakeReference;
  /** Revision of the view that makes this silo the owner. */
  revision(): number;
  /** True once the silo is certain of its lease, false if that is lost. */
  serving(): Promise<boolean>;
  /** A reminder of this actor is due at these times now. */
  onRemindersPlanned(entries: readonly DueEntry[]): void;
}

interface ActorChanges extends Changes {
  readonly slots: readonly SlotChange[];
  readonly schedules: readonly ScheduleChange[];
}

/**
 * The durable part of one actor, over the stores.
 *
 * S1. Everything that a unit of work changed is one commit, under the epoch of this activation's claim (D1, D2).
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

  async commit(changes: Changes): Promise<void> {
    const { slots, schedules } = changes as ActorChanges;
    const set = new Map<string, Uint8Array>(slots.map(({ field, bytes }) => [field, bytes]));
    const remove: string[] = [];
    for (const { field, after } of schedules) {
      if (after === undefined) remove.push(field);
      else set.set(field, packSchedule(after));
    }
    const reminders = this.reminders.collect();
    for (const slot of slots) slot.adopt();
    this.reminders.adopt();
    const timersChanged = this.timers.adopt();
    this.#includesManual = false;
    const version = ++this.#version;

    // A silo that is no member any more writes nothing, though the epoch would refuse it too.
    if (!(await this.#parts.serving())) throw this.#fenced();
    const planned = this.#entries(reminders, "after");
    if (planned.length > 0) await this.#parts.reminderStore.add(planned);
    const result = await this.#parts.stateStore.commit(this.#address, { epoch: this.#epoch, version, set, remove });
    if (result.kind === "fenced") throw this.#fenced();
    if (planned.length > 0) this.#parts.onRemindersPlanned(planned);
    if (timersChanged && !this.#isDisposed) this.onTimersChanged?.();
    this.#forget(this.#entries(reminders, "before"));
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
  #entries(changes: readonly ScheduleChange[], side: "before" | "after"): DueEntry[] {
    const entries: DueEntry[] = [];
    for (const { before, after } of changes) {
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
