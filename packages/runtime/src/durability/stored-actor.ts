import {
  type ActorAddress,
  type Clock,
  type DueChange,
  type DueEntry,
  type FieldChange,
  type Fields,
  formatAddress,
  type Logger,
  type MakeReference,
  messageOf,
  type Outcome,
  type ReminderStore,
  type StateStore,
  TroupeError,
} from "@troupe/core";
import type {
  ActorDefinition,
  AnswerTurn,
  DurableCall,
  PartKey,
  Schedules,
  TimerOptions,
} from "@troupe/sdk";
import type { ActorStorage, Changes, KeptCall, LoadResult } from "../activation/actor-storage.ts";
import { REMINDERS } from "../reminders/reminders-part.ts";
import { TIMERS } from "../reminders/timers-part.ts";
import { SENDS } from "../sends/sends-part.ts";
import { endOf } from "./actor-end.ts";
import { ActorParts, type PartOwner, type StoredHooks } from "./actor-parts.ts";
import { addChanges, dueChangeOf, storedEntries, writesOf } from "./field-writes.ts";
import type { PartRegistry } from "./part-registry.ts";
import type { RefusedClaims } from "./refused-claims.ts";
import { SLOT_PREFIX, SLOTS, StateSlots } from "./state-slots.ts";
import { FIRST_VERSION, VERSION } from "./state-version.ts";

/** How long the store keeps older owners of an actor out that was destroyed. */
const KEEP_EPOCH_MS = 60 * 60 * 1_000;

export interface StoredActorParts {
  readonly siloId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly stateStore: StateStore;
  readonly reminderStore: ReminderStore;
  readonly registry: PartRegistry;
  readonly refused: RefusedClaims;
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
  /**
   * Has to agree before state of a new version is stored; undefined if it has, false if it does
   * not.
   */
  admitVersion(type: string, version: number): Promise<boolean> | undefined;
  /** These entries of the due index are stored. */
  onEntriesStored(entries: readonly DueEntry[]): void;
}

interface ActorChanges extends Changes {
  readonly fields: readonly FieldChange[];
  /** True if anything but slots is among the fields. */
  readonly hasRecords: boolean;
}

/** What the next commit writes, by field. */
interface Staged {
  readonly fields: Map<string, FieldChange>;
  hasRecords: boolean;
  /** True if the actor's stored life ends with this commit. */
  isEnd: boolean;
  /** Made with the first record. */
  hooks: StoredHooks | undefined;
}

function nothingStaged(): Staged {
  return { fields: new Map(), hasRecords: false, isEnd: false, hooks: undefined };
}

/**
 * The durable parts of one actor, over the stores.
 *
 * STO-1. Everything that a unit of work changed is in one commit, maybe with what later units
 *        changed, under the epoch of this activation's claim (D1, D2).
 * STO-2. The commit that stores a record also puts its entry into the index of due times, and the
 *        one that changes the record takes the entry out. So a stored record is always found, and
 *        an entry that stands for nothing is found out when its time comes (D3, D7).
 * STO-3. An actor of a type that no part needs stored costs the stores nothing.
 * STO-5. With the turn that destroys the actor all of its fields go, but for those of parts that
 *        outlive it. When none of those is left, the store may forget the actor.
 * STO-4. An entry of a stored record that is missing in the index is put back when the actor is
 *        loaded (D3).
 */
export class StoredActor implements ActorStorage {
  readonly slots: StateSlots;
  readonly owner: PartOwner;
  readonly #shared: StoredActorParts;
  #parts: ActorParts | undefined;
  #epoch = 0;
  #version = 0;
  #staged: Staged | undefined;
  #isDisposed = false;
  /** `asked`: by the running turn. `done`: nothing that is changed since is stored. */
  #destruction: "none" | "asked" | "done" = "none";
  /** Changes of the due index that are under way beside commits. */
  #indexing: Promise<void> | undefined;

  constructor(shared: StoredActorParts, owner: PartOwner) {
    this.#shared = shared;
    this.owner = owner;
    this.slots = new StateSlots(this, owner.definition.slots);
  }

  get address(): ActorAddress {
    return this.owner.address;
  }

  get definition(): ActorDefinition {
    return this.owner.definition;
  }

  get clock(): Clock {
    return this.#shared.clock;
  }

  get makeReference(): MakeReference {
    return this.#shared.makeReference;
  }

  get reminders(): Schedules {
    return this.part(REMINDERS);
  }

  get timers(): Schedules<TimerOptions> {
    return this.part(TIMERS).table;
  }

  get parts(): ActorParts {
    return (this.#parts ??= new ActorParts(this, this.#shared.registry));
  }

  part<S>(key: PartKey<S>): S {
    return key.name === SLOTS.name ? (this.slots as S) : this.parts.part(key);
  }

  get #isDurable(): boolean {
    return this.#shared.registry.isDurable(this.definition);
  }

  get epoch(): number {
    return this.#epoch;
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  async load(): Promise<LoadResult> {
    if (!this.#isDurable) return { kind: "loaded" };
    const { stateStore, siloId } = this.#shared;
    const claim = { revision: this.#shared.revision(), siloId };
    const result = await stateStore.claim(this.address, claim);
    if (result.kind === "refused") {
      const { revision } = result;
      this.#shared.refused.note(this.address, { own: claim.revision, stored: revision });
      return { kind: "refused", revision };
    }
    this.#epoch = result.epoch;
    this.#version = result.version;
    this.slots.load(result.fields);
    if (!this.#hasMoreThanSlots(result.fields)) return { kind: "loaded" };
    this.parts.load(result.fields);
    const isAdmitted = this.#askForVersion();
    if (isAdmitted !== undefined && !(await isAdmitted))
      return { kind: "refused", revision: claim.revision };
    this.#restoreEntries(result.fields);
    this.parts.loaded();
    return { kind: "loaded" };
  }

  /** DEPL-4 */
  #askForVersion(): Promise<boolean> | undefined {
    const { version } = this.definition;
    if (version === FIRST_VERSION || !this.part(VERSION).isNew) return undefined;
    return this.#shared.admitVersion(this.address.type, version);
  }

  #hasMoreThanSlots(fields: Fields): boolean {
    return this.#shared.registry.looksAt(this.definition, fields) || !fields.keys().every(isSlot);
  }

  keptOutcome(key: string, method: string): Outcome | undefined {
    return this.#shared.registry.memoryFor(key)?.find(this.parts, key, method);
  }

  hasRoomFor(key: string): boolean {
    return this.#shared.registry.memoryFor(key)?.hasRoomFor(this.parts, key) !== false;
  }

  send(to: ActorAddress, call: DurableCall, answer?: AnswerTurn): void {
    if (!this.#isDurable) {
      const message = `${formatAddress(this.address)} has nothing durable, so it cannot send durably; give its class a @state, or await a call`;
      throw new TroupeError("BAD_DEFINITION", message, { ran: "yes" });
    }
    this.part(SENDS).post(to, call, answer);
  }

  destroy(): void {
    if (this.#destruction === "none") this.#destruction = "asked";
  }

  watchLooks(): void {
    this.slots.watchLooks();
  }

  get mayHaveChanges(): boolean {
    return this.#isDirty || this.slots.mayHaveChanges || this.#destruction === "asked";
  }

  collect(served: readonly KeptCall[]): ActorChanges | undefined {
    if (!this.mayHaveChanges && served.length === 0) return undefined;
    const isEnd = this.#destruction === "asked";
    const slots = this.slots.collect();
    const hasEffect = slots.length > 0 || this.#isDirty || isEnd;
    for (const { key, result } of served) {
      this.#shared.registry.memoryFor(key)?.keep(this.parts, { key, result, hasEffect });
    }
    const records = this.#parts?.collect() ?? [];
    // A part acts on what it has changed: a sender would tell that its sends have arrived.
    if (records.length > 0 && this.#destruction === "done") throw this.#destroyed();
    const hasFields = slots.length + records.length > 0 && this.#destruction !== "done";
    if (isEnd || (this.#isDurable && hasFields)) {
      const fields = records.length === 0 ? slots : [...slots, ...records];
      return { hasEffect, fields, hasRecords: records.length > 0, isEnd };
    }
    // Nothing of this is stored, such as a volatile timer, but it is so from now on.
    this.#adopt();
    return undefined;
  }

  hasChanges(): boolean {
    return this.#isDirty || this.slots.hasChanges() || this.#destruction === "asked";
  }

  stage(changes: Changes): void {
    const { fields, hasRecords, isEnd } = changes as ActorChanges;
    const staged = (this.#staged ??= nothingStaged());
    if (isEnd) {
      staged.isEnd = true;
      this.#destruction = "done";
    }
    addChanges(staged.fields, fields, hasRecords);
    this.#adopt();
    if (!hasRecords) return;
    staged.hasRecords = true;
    this.parts.staged((staged.hooks ??= new Map()));
  }

  async flush(): Promise<void> {
    const staged = this.#staged ?? nothingStaged();
    this.#staged = undefined;
    const version = ++this.#version;
    // A silo that is not a member any more writes nothing, though the epoch would refuse it too.
    if (!this.#shared.isServing() && !(await this.#shared.serving())) throw this.#fenced();
    // What is put back beside a commit must not come after the commit that takes it out.
    if (this.#indexing !== undefined) await this.#indexing;
    // An activation that was given up because a turn did not end may have a successor here, which
    // claims after this.
    if (this.#isDisposed) throw this.#fenced();
    const due = staged.isEnd
      ? await this.#end(staged, version)
      : await this.#commit(staged, version);
    if (due !== undefined && due.add.length > 0) this.#shared.onEntriesStored(due.add);
    if (staged.hooks !== undefined) for (const hook of staged.hooks.values()) hook();
  }

  async #commit({ fields, hasRecords }: Staged, version: number): Promise<DueChange | undefined> {
    const due = hasRecords
      ? dueChangeOf(this.address, this.#shared.registry, fields.values())
      : undefined;
    const commit = { ...writesOf(fields.values()), epoch: this.#epoch, version, due };
    const result = await this.#shared.stateStore.commit(this.address, commit);
    if (result.kind === "fenced") throw this.#fenced();
    return due;
  }

  /** STO-5. Whatever was staged before, what is stored says what has to go. */
  async #end({ fields }: Staged, version: number): Promise<DueChange | undefined> {
    if (!this.#isDurable) return undefined;
    const { stateStore, registry } = this.#shared;
    const stored = (await stateStore.read(this.address, ""))?.fields ?? new Map();
    const { writes, due, isEmpty } = endOf(this.address, registry, { stored, staged: fields });
    const end = { epoch: this.#epoch, version, due };
    const result = isEmpty
      ? await stateStore.retire(this.address, { ...end, keepMs: KEEP_EPOCH_MS })
      : await stateStore.commit(this.address, { ...end, ...writes });
    if (result.kind === "fenced") throw this.#fenced();
    return due;
  }

  /** Entries of the due index were found to stand for nothing. */
  forget(entries: readonly DueEntry[]): void {
    // Without the lease another silo may have set the same anew by now. Tags would keep that safe,
    // but entries of older silos have none (D3).
    if (entries.length === 0 || !this.#shared.isCertain()) return;
    this.#index(this.#shared.reminderStore.remove(entries));
  }

  rollback(): void {
    if (this.#destruction === "asked") this.#destruction = "none";
    this.slots.rollback();
    this.#parts?.rollback();
  }

  includeManualSlots(): void {
    this.slots.includeManual();
  }

  settled(): Promise<void> {
    return this.#indexing ?? Promise.resolve();
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#parts?.disposed();
  }

  get #isDirty(): boolean {
    return this.#parts?.isDirty === true;
  }

  #adopt(): void {
    this.slots.adopt();
    this.#parts?.adopt();
  }

  #destroyed(): TroupeError {
    const message = `${formatAddress(this.address)} is destroyed, and what it changes after that is not stored; do it in a turn before, or in its next life`;
    return new TroupeError("FENCED", message, { ran: "yes" });
  }

  #fenced(): TroupeError {
    const message = `${formatAddress(this.address)} is owned by another silo by now; nothing of this turn was stored`;
    return new TroupeError("FENCED", message, { ran: "maybe" });
  }

  /** In the background: an entry too many is harmless, and the first turn need not wait. */
  #restoreEntries(fields: Fields): void {
    const entries = storedEntries(this.address, this.#shared.registry, fields);
    if (entries.length > 0) this.#index(this.#shared.reminderStore.add(entries));
  }

  #index(change: Promise<void>): void {
    const earlier = this.#indexing;
    const all = this.#indexed(change, earlier).finally(() => {
      if (this.#indexing === all) this.#indexing = undefined;
    });
    this.#indexing = all;
  }

  async #indexed(change: Promise<void>, earlier: Promise<void> | undefined): Promise<void> {
    try {
      await change;
    } catch (error) {
      const reason = messageOf(error);
      this.#shared.logger.debug({ reason }, "the index of due times could not be tidied up");
    }
    await earlier;
  }
}

function isSlot(field: string): boolean {
  return field.startsWith(SLOT_PREFIX);
}
