import { type FieldChange, type Fields, RecordTable, TroupeError } from "@troupe/core";
import {
  type DurablePart,
  type PartHost,
  type PartKey,
  partKey,
  type PartState,
} from "@troupe/sdk";
import { SLOTS } from "./state-slots.ts";

const PREFIX = "m:";
const NAME = "version";

/** The field that holds the version. */
export const VERSION_FIELD = PREFIX + NAME;

/** Version of state that was stored before there were versions, or by a type that gives none. */
export const FIRST_VERSION = 1;

/**
 * Which version of the actor's type stored its state. Version 1 goes without saying, so most actors
 * store nothing here.
 */
export class StateVersion implements PartState {
  readonly #host: PartHost;
  readonly #table: RecordTable<number>;
  #isNew = false;

  constructor(host: PartHost) {
    this.#host = host;
    this.#table = new RecordTable(PREFIX, host);
  }

  /**
   * Reads the version, and upgrades the slots of an older one. Throws if the stored state is newer
   * than the type.
   */
  load(fields: Fields): void {
    const { name, version, migrate } = this.#host.definition;
    this.#table.load(fields);
    const stored = this.#table.find(NAME) ?? FIRST_VERSION;
    if (stored === version) return;
    if (fields.size > 0 && stored > version) {
      const message = `its state was stored by version ${stored} of ${name}, and this silo has version ${version}; deploy the newer one`;
      throw new TroupeError("ACTIVATION_FAILED", message, { retryable: false });
    }
    this.#table.put(NAME, version);
    this.#isNew = true;
    if (fields.size === 0 || migrate === undefined) return;
    const slots = this.#host.part(SLOTS);
    slots.assign(migrate(slots.stored(fields), stored));
  }

  /** True if the actor had no state of the type's version when it was loaded. */
  get isNew(): boolean {
    return this.#isNew;
  }

  collect(): FieldChange[] {
    return this.#table.collect();
  }

  adopt(): void {
    this.#table.adopt();
  }

  rollback(): void {
    this.#table.rollback();
  }
}

export const VERSION: PartKey<StateVersion> = partKey("version");

export const versionPart: DurablePart<StateVersion> = {
  key: VERSION,
  prefixes: [PREFIX],
  looksAt: ({ version }) => version > FIRST_VERSION,
  create: (host) => new StateVersion(host),
};
