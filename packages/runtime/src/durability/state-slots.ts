import { currentTurn } from "@troupe/client";
import {
  type ActorAddress,
  createValuePacker,
  type FieldChange,
  type Fields,
  formatAddress,
  fromPortable,
  isOwnPortable,
  type MakeReference,
  PackedField,
  toPortable,
  TroupeError,
} from "@troupe/core";
import {
  type DurablePart,
  type PartHost,
  type PartKey,
  partKey,
  type PartState,
  type SlotAccess,
  type SlotDefinition,
} from "@troupe/sdk";
import { freezeWhole } from "./freeze-whole.ts";

/** Names of stored fields that hold slots start with this. */
export const SLOT_PREFIX = "s:";

const packer = createValuePacker();

interface Slot {
  readonly definition: SlotDefinition;
  value: unknown;
  /** What counts as stored: the value itself if nothing can change within it, else its bytes. */
  stored: unknown;
  /**
   * True if the value was assigned, or handed out and can be changed from within, since it was last
   * compared.
   */
  isTouched: boolean;
  /** True if the store had a value, which then comes before the first one. */
  isLoaded: boolean;
}

/** Shared by all actors of which no slot is touched, which is nearly all. */
const NO_SLOTS: readonly Slot[] = [];

/** A slot whose value differs from what counts as stored. */
interface SlotChange extends FieldChange {
  readonly slot: Slot;
  /** What counts as stored from the adoption on. */
  readonly stored: unknown;
}

/**
 * A slot that holds undefined is stored as that: a field that goes away would bring back the first
 * value.
 */
const STORED_UNDEFINED = new PackedField(packer.pack(undefined));

const NO_CHANGES: readonly SlotChange[] = [];

/** The actor whose slots these are. */
export interface SlotOwner {
  readonly address: ActorAddress;
  readonly makeReference: MakeReference;
}

/**
 * The durable slots of one actor.
 *
 * A slot that holds an object counts as touched when it is read, because the object may then be
 * changed in place; whether it was, its bytes tell when the turn ends. So a turn costs nothing for
 * slots that it does not look at, and next to nothing for numbers and strings, and for a frozen
 * slot that it only reads. An object that an actor keeps elsewhere and changes in a later turn,
 * without reading its slot in that turn, is stored with the next turn that does read it.
 */
export class StateSlots implements SlotAccess, PartState {
  readonly #owner: SlotOwner;
  readonly #slots: readonly Slot[];
  #touched: readonly Slot[] = NO_SLOTS;
  /** What the last `collect` gave, until it is adopted. */
  #collected: readonly SlotChange[] = NO_CHANGES;
  /** True if manual slots are among the next changes. */
  #includesManual = false;
  #isWatched = false;

  constructor(owner: SlotOwner, definitions: readonly SlotDefinition[]) {
    this.#owner = owner;
    this.#slots = definitions.map((definition) => ({
      definition,
      value: undefined,
      stored: undefined,
      isTouched: false,
      isLoaded: false,
    }));
  }

  /** Takes what the store has; to be called before the actor is constructed. */
  load(fields: Fields): void {
    for (const slot of this.#slots) {
      const bytes = fields.get(SLOT_PREFIX + slot.definition.name);
      if (bytes === undefined) continue;
      slot.isLoaded = true;
      slot.value = this.#settable(slot, this.#unpack(bytes));
      slot.stored = isMutable(slot.value) ? new PackedField(bytes) : slot.value;
    }
  }

  /** Every stored slot by name, also those that the class no longer has. */
  stored(fields: Fields): Record<string, unknown> {
    const state: Record<string, unknown> = {};
    for (const [field, bytes] of fields) {
      if (field.startsWith(SLOT_PREFIX))
        state[field.slice(SLOT_PREFIX.length)] = this.#unpack(bytes);
    }
    return state;
  }

  /**
   * Gives slots another value than the stored one, before the actor is constructed. Names that are
   * no slots are an error.
   */
  assign(values: Readonly<Record<string, unknown>>): void {
    for (const [name, value] of Object.entries(values)) {
      const slot = this.#find(name);
      if (slot === undefined)
        throw new TroupeError(
          "BAD_DEFINITION",
          `migrate of ${this.#owner.address.type} returns ${name}, which is not a slot`,
        );
      slot.isLoaded = true;
      const settable = this.#settable(slot, value);
      if (!slot.isTouched) this.#touch(slot);
      slot.value = settable;
    }
  }

  initialise(name: string, initial: unknown): void {
    const slot = this.#find(name);
    if (slot === undefined || slot.isLoaded) return;
    slot.value = this.#settable(slot, initial);
    slot.stored = isMutable(initial) ? undefined : initial;
  }

  read(name: string): unknown {
    const slot = this.#find(name);
    if (slot === undefined) return undefined;
    if (this.#isWatched) currentTurn()?.willLook();
    if (!slot.isTouched && !slot.definition.isFrozen && isMutable(slot.value)) this.#touch(slot);
    return slot.value;
  }

  /** From now on each turn that looks at a slot says so. */
  watchLooks(): void {
    this.#isWatched = true;
  }

  write(name: string, value: unknown): void {
    const slot = this.#find(name);
    if (slot === undefined) return;
    const turn = currentTurn();
    if (turn === undefined || turn.isReadonly) throw this.#notWritable(name, turn !== undefined);
    const settable = this.#settable(slot, value);
    turn.willWrite();
    if (!slot.isTouched) this.#touch(slot);
    slot.value = settable;
  }

  /**
   * True if a slot that is stored by itself differs from what counts as stored, or cannot be
   * stored.
   */
  hasChanges(): boolean {
    return this.#touched.some((slot) => {
      if (slot.definition.save === "manual") return false;
      try {
        return !isStored(slot, this.#storable(slot));
      } catch {
        return true;
      }
    });
  }

  /** From now on the manual slots are among the next changes. */
  includeManual(): void {
    this.#includesManual = true;
  }

  /** True if there may be anything to collect. */
  get mayHaveChanges(): boolean {
    return this.#touched.length > 0 || this.#includesManual;
  }

  /**
   * The slots that differ from what counts as stored, and manual ones only if they were asked for.
   * Throws `NOT_SERIALIZABLE` or `PAYLOAD_TOO_LARGE` if one cannot be stored.
   */
  collect(): readonly FieldChange[] {
    this.#collected = this.#touched.length === 0 ? NO_CHANGES : this.#changes();
    return this.#collected;
  }

  /** What the last `collect` gave counts as stored. */
  adopt(): void {
    for (const { slot, stored } of this.#collected) {
      slot.stored = stored;
      slot.isTouched = false;
    }
    if (this.#collected.length > 0) this.#forgetUntouched();
    this.#collected = NO_CHANGES;
    this.#includesManual = false;
  }

  /** Puts every slot but the manual ones back to what counts as stored. */
  rollback(): void {
    const manual = this.#touched.filter(({ definition }) => definition.save === "manual");
    for (const slot of this.#touched) {
      if (slot.definition.save === "manual") continue;
      const { stored } = slot;
      const before = stored instanceof PackedField ? this.#unpack(stored.bytes) : stored;
      slot.value = this.#settable(slot, before);
      slot.isTouched = false;
    }
    this.#touched = manual;
    this.#includesManual = false;
  }

  /**
   * A class has few slots; looking through them is as quick as a map, and a map would cost each
   * actor ten times the memory.
   */
  #find(name: string): Slot | undefined {
    return this.#slots.find(({ definition }) => definition.name === name);
  }

  #touch(slot: Slot): void {
    // A first value from an initialiser was never packed; once it is handed out it would be too
    // late.
    if (slot.stored === undefined && isMutable(slot.value))
      slot.stored = new PackedField(this.#pack(slot));
    slot.isTouched = true;
    this.#touched = [...this.#touched, slot];
  }

  /** The value as the slot may hold it. */
  #settable({ definition: { name, isFrozen } }: Slot, value: unknown): unknown {
    if (isFrozen) freezeWhole(value, `state.${name}`);
    return value;
  }

  #changes(): SlotChange[] {
    const changes: SlotChange[] = [];
    let untouched = 0;
    for (const slot of this.#touched) {
      if (slot.definition.save === "manual" && !this.#includesManual) continue;
      const value = this.#storable(slot);
      if (isStored(slot, value)) {
        slot.isTouched = false;
        untouched++;
      } else {
        changes.push(changeOf(slot, value));
      }
    }
    if (untouched > 0) this.#forgetUntouched();
    return changes;
  }

  #forgetUntouched(): void {
    const touched = this.#touched.filter((slot) => slot.isTouched);
    this.#touched = touched.length === 0 ? NO_SLOTS : touched;
  }

  #notWritable(name: string, isInTurn: boolean): TroupeError {
    const what = `${formatAddress(this.#owner.address)} assigns to ${name}`;
    const where = isInTurn
      ? "in a readonly method; drop @readonly() or the assignment"
      : "outside of a turn, where nothing would store it; call a method of the actor instead";
    return new TroupeError("READONLY_WRITE", `${what} ${where}`);
  }

  /** The bytes of a value that can be changed from within; any other value itself. */
  #storable(slot: Slot): unknown {
    return isMutable(slot.value) ? this.#pack(slot) : this.#portable(slot);
  }

  #pack(slot: Slot): Uint8Array {
    return packer.pack(this.#portable(slot));
  }

  #portable(slot: Slot): unknown {
    return toPortable(slot.value, { root: `state.${slot.definition.name}`, ran: "yes" }).value;
  }

  #unpack(bytes: Uint8Array): unknown {
    return fromPortable(
      { value: packer.unpack(bytes), revive: true, size: bytes.length },
      this.#owner.makeReference,
    );
  }
}

function changeOf(slot: Slot, value: unknown): SlotChange {
  const stored = value instanceof Uint8Array ? new PackedField(value) : value;
  const field = SLOT_PREFIX + slot.definition.name;
  const after = stored === undefined ? STORED_UNDEFINED : stored;
  return { field, before: undefined, after, slot, stored };
}

/**
 * True for a value that is stored as its bytes: it may be changed from within, or packs otherwise.
 */
function isMutable(value: unknown): boolean {
  return !isOwnPortable(value);
}

function isStored({ stored }: Slot, value: unknown): boolean {
  if (stored instanceof PackedField)
    return value instanceof Uint8Array && Buffer.compare(stored.bytes, value) === 0;
  return Object.is(stored, value);
}

export const SLOTS: PartKey<StateSlots> = partKey("slots");

/** The part of the durable slots. What an actor has of it is made with the actor. */
export const slotsPart: DurablePart<StateSlots> = {
  key: SLOTS,
  prefixes: [SLOT_PREFIX],
  isNeededBy: ({ slots }) => slots.length > 0,
  create: (host: PartHost) => new StateSlots(host, host.definition.slots),
  turns: {
    $destroy: (host) => {
      host.destroy();
      return true;
    },
  },
  operatorTurns: { $destroy: "changes" },
};
