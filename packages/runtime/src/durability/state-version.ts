import { type Fields, TroupeError } from "@troupe/core";
import type { ActorDefinition } from "@troupe/sdk";
import { type DirtyFlag, type RecordChange, RecordTable } from "../record-table.ts";
import type { StateSlots } from "./state-slots.ts";

const NAME = "version";

/**
 * Version of state that was stored before there were versions, or by a type that never said one.
 */
const FIRST_VERSION = 1;

/**
 * Which version of the actor's type stored its state. Version 1 goes without saying, so most actors
 * store nothing here.
 */
export class StateVersion {
  readonly #table: RecordTable<number>;

  constructor(dirty: DirtyFlag) {
    this.#table = new RecordTable("m:", dirty);
  }

  /**
   * Reads the version, and upgrades the slots of an older one. Throws if the stored state is newer
   * than the type.
   */
  load(fields: Fields, slots: StateSlots, { name, version, migrate }: ActorDefinition): void {
    this.#table.load(fields);
    const stored = this.#table.find(NAME) ?? FIRST_VERSION;
    if (stored === version) return;
    if (fields.size > 0 && stored > version) {
      const message = `its state was stored by version ${stored} of ${name}, and this silo has version ${version}; deploy the newer one`;
      throw new TroupeError("ACTIVATION_FAILED", message, { retryable: false });
    }
    this.#table.put(NAME, version);
    if (fields.size > 0 && migrate !== undefined)
      slots.assign(migrate(slots.stored(fields), stored));
  }

  collect(): RecordChange<unknown>[] {
    return this.#table.collect();
  }

  adopt(): void {
    this.#table.adopt();
  }

  rollback(): void {
    this.#table.rollback();
  }
}
