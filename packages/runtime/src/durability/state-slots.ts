import { currentTurn } from "@troupe/client";
import {
  type ActorAddress,
  createValuePacker,
  type Fields,
  formatAddress,
  fromPortable,
  type MakeReference,
  toPortable,
  TroupeError,
} from "@troupe/core";
import type { SlotAccess, SlotDefinition } from "@troupe/sdk";

/** Names of stored fields that hold slots start with this. */
const SLOT_PREFIX = "s:";

const packer = createValuePacker();

/** True for the name of a stored field that holds a slot. */
export function isSlotField(field: string): boolean {
  return field.startsWith(SLOT_PREFIX);
}

/** The stored form of a value that can be changed from within. */
class Packed {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

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
export interface SlotChange {
  readonly field: string;
  /**
   * Bytes, or a value that cannot be changed from within and is packed when it is written: most are
   * written over before that.
   */
  readonly value: unknown;
  /** From now on this counts as stored. */
  adopt(): void;
}

/** The bytes of a change's value. */
export function packSlotValue(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : packer.pack(value);
}

/**
 * The durable slots of one actor.
 *
 * A slot that holds an object counts as touched when it is read, because the object may then be
 * changed in place; whether it was, its bytes tell when the turn ends. So a turn costs nothing for
 * slots that it does not look at, and next to nothing for numbers and strings. An object that an
 * actor keeps elsewhere and changes in a later turn, without reading its slot in that turn, is
 * stored with the next turn that does read it.
 */
export class StateSlots implements SlotAccess {
  readonly #address: ActorAddress;
  readonly #makeReference: MakeReference;
  readonly #slots: readonly Slot[];
  #touched: readonly Slot[] = NO_SLOTS;

  constructor(
    address: ActorAddress,
    definitions: readonly SlotDefinition[],
    makeReference: MakeReference,
  ) {
    this.#address = address;
    this.#makeReference = makeReference;
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
      slot.value = this.#unpack(bytes);
      slot.stored = isMutable(slot.value) ? new Packed(bytes) : slot.value;
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
          `migrate of ${this.#address.type} returns ${name}, which is no slot`,
        );
      slot.isLoaded = true;
      if (!slot.isTouched) this.#touch(slot);
      slot.value = value;
    }
  }

  initialise(name: string, initial: unknown): void {
    const slot = this.#find(name);
    if (slot === undefined || slot.isLoaded) return;
    slot.value = initial;
    slot.stored = isMutable(initial) ? undefined : initial;
  }

  read(name: string): unknown {
    const slot = this.#find(name);
    if (slot === undefined) return undefined;
    if (!slot.isTouched && isMutable(slot.value)) this.#touch(slot);
    return slot.value;
  }

  write(name: string, value: unknown): void {
    const slot = this.#find(name);
    if (slot === undefined) return;
    if (currentTurn()?.isReadonly === true) {
      const message = `${formatAddress(this.#address)} assigns to ${name} in a readonly method; drop @readonly() or the assignment`;
      throw new TroupeError("READONLY_WRITE", message);
    }
    if (!slot.isTouched) this.#touch(slot);
    slot.value = value;
  }

  /** True if a slot may differ from what counts as stored. */
  get isTouched(): boolean {
    return this.#touched.length > 0;
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

  /**
   * The slots that differ from what counts as stored; manual ones only if asked for. Throws if one
   * cannot be stored.
   */
  collect(withManual: boolean): SlotChange[] {
    if (this.#touched.length === 0) return [];
    const changes: SlotChange[] = [];
    const untouched = new Set<Slot>();
    for (const slot of this.#touched) {
      if (slot.definition.save === "manual" && !withManual) continue;
      const value = this.#storable(slot);
      if (isStored(slot, value)) untouched.add(slot);
      else changes.push(this.#change(slot, value));
    }
    for (const slot of untouched) slot.isTouched = false;
    if (untouched.size > 0) this.#touched = this.#touched.filter((slot) => slot.isTouched);
    return changes;
  }

  /** Puts every slot but the manual ones back to what counts as stored. */
  rollback(): void {
    const manual = this.#touched.filter(({ definition }) => definition.save === "manual");
    for (const slot of this.#touched) {
      if (slot.definition.save === "manual") continue;
      slot.value = slot.stored instanceof Packed ? this.#unpack(slot.stored.bytes) : slot.stored;
      slot.isTouched = false;
    }
    this.#touched = manual;
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
      slot.stored = new Packed(this.#pack(slot));
    slot.isTouched = true;
    this.#touched = [...this.#touched, slot];
  }

  #change(slot: Slot, value: unknown): SlotChange {
    return {
      field: SLOT_PREFIX + slot.definition.name,
      value,
      adopt: () => {
        slot.stored = value instanceof Uint8Array ? new Packed(value) : value;
        slot.isTouched = false;
        this.#touched =
          this.#touched.length === 1 ? NO_SLOTS : this.#touched.filter((other) => other !== slot);
      },
    };
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
      this.#makeReference,
    );
  }
}

function isMutable(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

function isStored({ stored }: Slot, value: unknown): boolean {
  if (stored instanceof Packed)
    return value instanceof Uint8Array && Buffer.compare(stored.bytes, value) === 0;
  return Object.is(stored, value);
}
