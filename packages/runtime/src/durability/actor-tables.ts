import type { ActorAddress, Clock, Fields, MakeReference } from "@troupe/core";
import type { ActorDefinition } from "@troupe/sdk";
import type { DirtyFlag, RecordChange } from "../record-table.ts";
import { ScheduleTable } from "../reminders/schedule-table.ts";
import { KeptResults } from "./kept-results.ts";
import { Outbox } from "./outbox.ts";
import { ReceivedLetters } from "./received-letters.ts";
import type { StateSlots } from "./state-slots.ts";
import { StateVersion } from "./state-version.ts";

/** Records of one kind that are stored with an actor. */
interface StoredTable {
  collect(): readonly RecordChange<unknown>[];
  adopt(): void;
  rollback(): void;
}

export interface ActorTablesFacts {
  readonly address: ActorAddress;
  readonly definition: ActorDefinition;
  readonly clock: Clock;
  readonly makeReference: MakeReference;
}

/**
 * What is stored with an actor besides its slots. Each table is made when it is first needed, since
 * most actors have none.
 */
export class ActorTables implements DirtyFlag {
  /** True if one of the tables has changed since all were last adopted or rolled back. */
  isDirty = false;
  readonly #facts: ActorTablesFacts;
  #made: readonly StoredTable[] = [];
  #reminders: ScheduleTable | undefined;
  #timers: ScheduleTable | undefined;
  #outbox: Outbox | undefined;
  #received: ReceivedLetters | undefined;
  #results: KeptResults | undefined;
  #stateVersion: StateVersion | undefined;

  constructor(facts: ActorTablesFacts) {
    this.#facts = facts;
  }

  get reminders(): ScheduleTable {
    return (this.#reminders ??= this.#schedules("reminder", this.#facts.definition.reminders));
  }

  get timers(): ScheduleTable {
    return (this.#timers ??= this.#schedules("timer", this.#facts.definition.timers));
  }

  get outbox(): Outbox {
    return (this.#outbox ??= this.#make(new Outbox(this)));
  }

  get received(): ReceivedLetters {
    return (this.#received ??= this.#make(new ReceivedLetters(this)));
  }

  get results(): KeptResults {
    return (this.#results ??= this.#make(new KeptResults(this)));
  }

  get hasTimers(): boolean {
    return this.#timers !== undefined;
  }

  get hasLetters(): boolean {
    return this.#outbox !== undefined && !this.#outbox.isEmpty;
  }

  get haveTimersChanged(): boolean {
    return this.#timers?.isChanged === true;
  }

  /**
   * Takes what the store has, of which the first two characters of a field's name tell the kind.
   */
  load(fields: Fields, slots: StateSlots): void {
    const { definition } = this.#facts;
    const kinds = new Set(Array.from(fields.keys(), (field) => field.slice(0, 2)));
    if (kinds.has("r:")) this.reminders.load(fields);
    if (kinds.has("t:")) this.timers.load(fields);
    if (kinds.has("o:") || kinds.has("l:") || kinds.has("n:")) this.outbox.load(fields);
    if (kinds.has("d:")) this.received.load(fields);
    if (kinds.has("i:")) this.results.load(fields);
    if (!kinds.has("m:") && definition.version === 1) return;
    this.#stateVersion = this.#make(new StateVersion(this));
    this.#stateVersion.load(fields, slots, definition);
  }

  collect(): RecordChange<unknown>[] {
    return this.isDirty ? this.#made.flatMap((table) => table.collect()) : [];
  }

  adopt(): void {
    if (this.isDirty) for (const table of this.#made) table.adopt();
    this.isDirty = false;
  }

  rollback(): void {
    if (this.isDirty) for (const table of this.#made) table.rollback();
    this.isDirty = false;
  }

  #schedules(kind: "reminder" | "timer", handlers: ReadonlyMap<string, string>): ScheduleTable {
    const { address, makeReference, clock } = this.#facts;
    return this.#make(
      new ScheduleTable({
        kind,
        address,
        handlers,
        makeReference,
        dirty: this,
        now: () => clock.now(),
      }),
    );
  }

  #make<T extends StoredTable>(table: T): T {
    this.#made = [...this.#made, table];
    return table;
  }
}
