import {
  type ActorAddress,
  type Clock,
  type FieldChange,
  type Fields,
  type Logger,
  type MakeReference,
  type Outcome,
  TroupeError,
} from "@troupe/core";
import type {
  ActorDefinition,
  AnswerTurn,
  DurableCall,
  PartEntry,
  PartHost,
  PartKey,
  PartState,
} from "@troupe/sdk";
import { dueEntry, type PartRegistry } from "./part-registry.ts";
import { SLOTS } from "./state-slots.ts";
import type { StoredActor } from "./stored-actor.ts";

/** What its parts reach of an activation. The activation itself is one. */
export interface PartOwner {
  readonly address: ActorAddress;
  readonly definition: ActorDefinition;
  readonly log: Logger;
  invoke(method: string, argument: unknown): unknown;
  runTurn(name: string, args: readonly unknown[]): Promise<Outcome>;
  /** Calls `done` when everything that is staged now is stored, or with why it never will be. */
  afterStored(done: (failure: unknown) => void): void;
  busy(): () => void;
}

/** Callbacks by part, for when what was staged is stored. */
export type StoredHooks = Map<PartState, () => void>;

/**
 * What one actor has of its durable parts besides its slots. It is made for an actor that has
 * anything of them, and each part's state when that is first needed.
 */
export class ActorParts implements PartHost {
  isDirty = false;
  readonly #storage: StoredActor;
  readonly #registry: PartRegistry;
  readonly #states: (PartState | undefined)[];
  #tags = 0;

  constructor(storage: StoredActor, registry: PartRegistry) {
    this.#storage = storage;
    this.#registry = registry;
    this.#states = registry.all.map(({ key }) =>
      key.name === SLOTS.name ? storage.slots : undefined,
    );
  }

  get address(): ActorAddress {
    return this.#storage.address;
  }

  get definition(): ActorDefinition {
    return this.#storage.definition;
  }

  get clock(): Clock {
    return this.#storage.clock;
  }

  get log(): Logger {
    return this.#storage.owner.log;
  }

  get makeReference(): MakeReference {
    return this.#storage.makeReference;
  }

  get isDisposed(): boolean {
    return this.#storage.isDisposed;
  }

  part<S>(key: PartKey<S>): S {
    return this.#state(this.#registry.indexOf(key.name)) as S;
  }

  /** Tags of one activation are numbered under its epoch, which no other activation has. */
  nextTag(): string {
    return `${this.#storage.epoch.toString(36)}.${(++this.#tags).toString(36)}`;
  }

  invoke(method: string, argument: unknown): unknown {
    return this.#storage.owner.invoke(method, argument);
  }

  runTurn(name: string, args: readonly unknown[]): Promise<Outcome> {
    return this.#storage.owner.runTurn(name, args);
  }

  perform(name: string, args: readonly unknown[]): unknown {
    const turn = this.#registry.turn(name);
    if (turn !== undefined) return turn(this, args);
    throw new TroupeError(
      "INTERNAL",
      `there is no system turn ${name}; a part names one that is gone`,
    );
  }

  afterStored(done: (failure: unknown) => void): void {
    this.#storage.owner.afterStored(done);
  }

  forget(entries: readonly PartEntry[]): void {
    this.#storage.forget(entries.map((entry) => dueEntry(this.address, entry)));
  }

  busy(): () => void {
    return this.#storage.owner.busy();
  }

  destroy(): void {
    this.#storage.destroy();
  }

  send(to: ActorAddress, call: DurableCall, answer?: AnswerTurn): void {
    this.#storage.send(to, call, answer);
  }

  /** Takes what the store has. `always` are parts that look at every load, such as the version. */
  load(fields: Fields): void {
    const present = new Set<number>();
    for (const field of fields.keys()) {
      const part = this.#registry.partOf(field);
      if (part !== undefined) present.add(this.#registry.indexOf(part.key.name));
    }
    for (const [index, part] of this.#registry.all.entries()) {
      if (part.key.name === SLOTS.name) continue;
      if (!present.has(index) && part.looksAt?.(this.definition, fields) !== true) continue;
      this.#state(index).load(fields);
    }
  }

  /** What was loaded may go on in the background now. */
  loaded(): void {
    for (const state of this.#made()) state.loaded?.();
  }

  collect(): FieldChange[] {
    return this.isDirty ? this.#made().flatMap((state) => state.collect()) : [];
  }

  adopt(): void {
    if (!this.isDirty) return;
    this.isDirty = false;
    for (const state of this.#made()) state.adopt();
  }

  /** What is to be done when what was just staged is stored. */
  staged(hooks: StoredHooks): void {
    for (const state of this.#made()) {
      const hook = state.staged?.();
      if (hook !== undefined) hooks.set(state, hook);
    }
  }

  rollback(): void {
    if (!this.isDirty) return;
    this.isDirty = false;
    for (const state of this.#made()) state.rollback();
  }

  disposed(): void {
    for (const state of this.#made()) state.disposed?.();
  }

  /** The states that there are, but for the slots, which their storage sees to. */
  #made(): PartState[] {
    const made: PartState[] = [];
    for (const state of this.#states) {
      if (state !== undefined && state !== this.#storage.slots) made.push(state);
    }
    return made;
  }

  #state(index: number): PartState {
    const known = this.#states[index];
    if (known !== undefined) return known;
    const part = this.#registry.all[index];
    if (part === undefined) throw new RangeError(`there is no durable part number ${index}`);
    const state = part.create(this);
    this.#states[index] = state;
    return state;
  }
}
