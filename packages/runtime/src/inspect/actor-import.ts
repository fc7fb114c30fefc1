import {
  type ActorAddress,
  type DueEntry,
  type Fields,
  formatAddress,
  type Logger,
  type StateStore,
  TroupeError,
  unpackField,
} from "@troupe/core";
import type { ActorDefinition, ImportResult } from "@troupe/sdk";
import { storedEntries } from "../durability/field-writes.ts";
import { markOf, withMark, withoutMark } from "../import-mark.ts";
import type { PartRegistry } from "../durability/part-registry.ts";
import { FIRST_VERSION, VERSION_FIELD } from "../durability/state-version.ts";
import { OUTBOX_STATE_FIELD, type OutboxState } from "../sends/outbox.ts";

/** What an actor is to have stored. */
export interface ImportedActor {
  readonly exportId: string;
  readonly epoch: number;
  readonly replace: boolean;
  readonly resume: boolean;
  readonly fields: Fields;
}

export interface ActorImportParts {
  readonly siloId: string;
  readonly logger: Logger;
  readonly stateStore: StateStore;
  readonly registry: PartRegistry;
  readonly definitions: ReadonlyMap<string, ActorDefinition>;
  /** Revision of the view that makes this silo the owner; undefined if none does just now. */
  revisionOf(address: ActorAddress): number | undefined;
  /** As `StoredActorParts.admitVersion`. */
  admitVersion(type: string, version: number): Promise<boolean> | undefined;
  /** Ends the actor's activation, if there is one. */
  endActivation(address: ActorAddress): Promise<void>;
  /** No import holds the actor any more. */
  released(address: ActorAddress): void;
  onEntriesStored(entries: readonly DueEntry[]): void;
}

/** Each fails only because something else has claimed the actor in between. */
const ATTEMPTS_MAX = 5;

/** More than any actor sends between its own export and that of the actors it sends to. */
const SENDS_BETWEEN = 1_000_000_000;

/** Exports of which the log has told. */
const TOLD_MAX = 100;

/**
 * Stores actors that were exported elsewhere. The silo that owns an actor does so, as an owner: by
 * a claim and one commit.
 *
 * IMP-1. No activation of an actor begins here while it is imported, and one that was there has
 *        ended before the claim. So none has in memory what is not stored (C1, D2).
 * IMP-2. What was stored of the actor is looked at again under the claim, so nothing is overwritten
 *        that was not meant to be.
 * IMP-3. The epoch goes on above the one that the actor had where it was exported: `context.fence`
 *        only rises, and tags of entries are not given twice.
 * IMP-4. The commit that stores the fields also puts their entries into the index of due times
 *        (D3). A field of a part that this silo does not have is refused, because nobody could
 *        tell what entries it needs.
 * IMP-5. State of a version is stored only after that version was admitted (V2).
 * IMP-6. The silo claims as an owner only while it is one: under the revision of a view that gives
 *        the actor to another silo, that one could not claim it any more.
 * IMP-7. Durable sends that an actor makes after its import have higher numbers than those that
 *        any exported receiver has seen of it (D7).
 */
export class ActorImport {
  readonly #parts: ActorImportParts;
  readonly #held = new Set<string>();
  readonly #told = new Set<string>();

  constructor(parts: ActorImportParts) {
    this.#parts = parts;
  }

  /** True while no activation of the actor may begin (IMP-1). */
  isHeld(address: ActorAddress): boolean {
    return this.#held.size > 0 && this.#held.has(formatAddress(address));
  }

  /** Rejects if the actor cannot be stored here; then nothing was changed. */
  async import(address: ActorAddress, actor: ImportedActor, caller: string): Promise<ImportResult> {
    this.#check(address, actor.fields);
    this.#tell(actor, caller);
    const stored = await this.#parts.stateStore.read(address, "");
    const known = verdictOn(stored?.fields ?? new Map(), actor);
    if (known !== "imported" && known !== "replaced") return known;
    const key = formatAddress(address);
    if (this.#held.has(key))
      throw new TroupeError("OVERLOADED", `${key} is being imported already`);
    this.#held.add(key);
    try {
      await this.#parts.endActivation(address);
      return await this.#store(address, actor);
    } finally {
      this.#held.delete(key);
      this.#parts.released(address);
    }
  }

  /** IMP-2, IMP-3, IMP-6 */
  async #store(address: ActorAddress, actor: ImportedActor): Promise<ImportResult> {
    const { stateStore, siloId } = this.#parts;
    await this.#admit(address, actor.fields);
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      const revision = this.#parts.revisionOf(address);
      if (revision === undefined) break;
      const claim = { revision, siloId, epochAbove: actor.epoch };
      // oxlint-disable-next-line no-await-in-loop -- it is tried again only if it was fenced.
      const claimed = await stateStore.claim(address, claim);
      if (claimed.kind === "refused") break;
      const verdict = verdictOn(claimed.fields, actor);
      if (verdict !== "imported" && verdict !== "replaced") return verdict;
      const commit = this.#commitOf(address, claimed.fields, actor);
      const { epoch, version } = claimed;
      // oxlint-disable-next-line no-await-in-loop -- it is tried again only if it was fenced.
      const result = await stateStore.commit(address, { ...commit, epoch, version: version + 1 });
      if (result.kind === "fenced") continue;
      this.#parts.onEntriesStored(commit.due.add);
      return verdict;
    }
    const message = `${formatAddress(address)} is owned by another silo by now; it was not imported here`;
    throw new TroupeError("FENCED", message);
  }

  /** IMP-4, IMP-7 */
  #commitOf(
    address: ActorAddress,
    before: Fields,
    { fields, exportId }: ImportedActor,
  ): {
    readonly set: Fields;
    readonly remove: string[];
    readonly due: { readonly add: DueEntry[]; readonly remove: DueEntry[] };
  } {
    const { registry } = this.#parts;
    const lastSeq = Math.max(lastSeqOf(fields), markOf(fields)?.sendsAbove ?? 0);
    const set = withMark(fields, { exportId, sendsAbove: lastSeq + SENDS_BETWEEN });
    const add = storedEntries(address, registry, set);
    const kept = new Set(add.map(keyOf));
    const old = storedEntries(address, registry, before);
    return {
      set,
      remove: [...before.keys()].filter((field) => !set.has(field)),
      due: { add, remove: old.filter((entry) => !kept.has(keyOf(entry))) },
    };
  }

  #check(address: ActorAddress, fields: Fields): void {
    const { registry, definitions, siloId } = this.#parts;
    const definition = definitions.get(address.type);
    const what = `${formatAddress(address)} cannot be imported`;
    if (definition === undefined || !registry.isDurable(definition)) {
      const message = `${what}: on silo ${siloId} actors of ${address.type} store nothing; give the type a @state, or leave it out`;
      throw new TroupeError("BAD_DEFINITION", message);
    }
    const strange = [...fields.keys()].find((field) => registry.partOf(field) === undefined);
    if (strange !== undefined) {
      const message = `${what}: silo ${siloId} has no part for the field ${JSON.stringify(strange)}; start the silos with the extension that stored it`;
      throw new TroupeError("BAD_CONFIG", message);
    }
    const version = versionOf(fields);
    if (version > definition.version) {
      const message = `${what}: its state is of version ${version} of ${address.type}, and version ${definition.version} is in force; deploy the newer one first`;
      throw new TroupeError("BAD_DEFINITION", message);
    }
  }

  /** IMP-5 */
  async #admit(address: ActorAddress, fields: Fields): Promise<void> {
    const version = versionOf(fields);
    if (version === FIRST_VERSION) return;
    const isAdmitted = this.#parts.admitVersion(address.type, version);
    if (isAdmitted === undefined || (await isAdmitted)) return;
    const message = `${formatAddress(address)} was not imported: version ${version} of ${address.type} is not in force`;
    throw new TroupeError("FENCED", message);
  }

  /** Once for each export, and not once for each actor. */
  #tell({ exportId }: ImportedActor, caller: string): void {
    if (this.#told.has(exportId) || this.#told.size >= TOLD_MAX) return;
    this.#told.add(exportId);
    const fields = { event: "import_began", exportId, caller };
    this.#parts.logger.info(fields, "an operator imports actors");
  }
}

/** What is to be done about what is stored, or `imported` or `replaced` if it is to be written. */
function verdictOn(
  stored: Fields,
  { fields, exportId, replace, resume }: ImportedActor,
): ImportResult {
  if (stored.size === 0) return "imported";
  if (areEqual(withoutMark(stored), withoutMark(fields))) return "same";
  if (resume && markOf(stored)?.exportId === exportId) return "done";
  return replace ? "replaced" : "exists";
}

function areEqual(one: Fields, other: Fields): boolean {
  if (one.size !== other.size) return false;
  for (const [name, value] of one) {
    const counterpart = other.get(name);
    if (counterpart === undefined || Buffer.compare(value, counterpart) !== 0) return false;
  }
  return true;
}

function versionOf(fields: Fields): number {
  const stored = fields.get(VERSION_FIELD);
  return stored === undefined ? FIRST_VERSION : Number(unpackField(stored));
}

function lastSeqOf(fields: Fields): number {
  const stored = fields.get(OUTBOX_STATE_FIELD);
  return stored === undefined ? 0 : (unpackField(stored) as OutboxState).lastSeq;
}

function keyOf({ bucket, name, dueAt, tag }: DueEntry): string {
  return JSON.stringify([bucket, name, dueAt, tag]);
}
