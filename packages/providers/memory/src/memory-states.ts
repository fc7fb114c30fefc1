import {
  formatAddress,
  systemClock,
  type ActorAddress,
  type ListPage,
  type ListQuery,
  type Claim,
  type ClaimResult,
  type Commit,
  type CommitResult,
  type DueChange,
  type Fields,
  type FieldRange,
  type IdentifyMode,
  type Retirement,
  type StoredFields,
} from "@troupe/core";
import { type DueIndex, MemoryDueIndex } from "./memory-due-index.ts";
import { SerialList } from "./serial-list.ts";

interface StoredActor {
  readonly address: ActorAddress;
  /** The place in the order of `list`. */
  readonly serial: number;
  revision: number;
  siloId: string;
  epoch: number;
  version: number;
  readonly fields: Map<string, Uint8Array>;
  /** When the actor is forgotten; undefined unless it was retired. */
  retiredUntil: number | undefined;
}

/** Retired actors that one step looks at: more than one step adds, so their number is bounded. */
const SWEPT_AT_ONCE = 4;

/**
 * The stored actors themselves. They outlive the stores that are opened on them, as a disk outlives
 * its processes.
 */
export class MemoryStates {
  /** The index of due times that commits change. */
  readonly due: DueIndex;
  readonly #now: () => number;
  readonly #actors = new Map<string, StoredActor>();
  readonly #order = new SerialList<StoredActor>();
  readonly #retired = new Set<StoredActor>();
  #membership: string | undefined;

  /** `now` tells milliseconds, by which retired actors are forgotten. */
  constructor(
    due: DueIndex = new MemoryDueIndex(),
    now: () => number = () => systemClock.monotonic(),
  ) {
    this.due = due;
    this.#now = now;
  }

  /** As `StateStore.identify`. */
  identify(membership: string, mode: IdentifyMode): string {
    if (mode === "replace") this.#membership = membership;
    this.#membership ??= membership;
    return this.#membership;
  }

  claim(address: ActorAddress, { revision, siloId, epochAbove = 0 }: Claim): ClaimResult {
    const stored = this.#find(address);
    if (
      stored !== undefined &&
      (revision < stored.revision || (revision === stored.revision && siloId !== stored.siloId))
    ) {
      return { kind: "refused", revision: stored.revision, siloId: stored.siloId };
    }
    const actor = stored ?? this.#create(address);
    actor.revision = revision;
    actor.siloId = siloId;
    actor.epoch = Math.max(actor.epoch, epochAbove) + 1;
    if (actor.retiredUntil !== undefined) this.#recall(actor);
    return {
      kind: "claimed",
      epoch: actor.epoch,
      version: actor.version,
      fields: copyOf(actor.fields),
    };
  }

  commit(address: ActorAddress, commit: Commit): CommitResult {
    const { epoch, version, set, remove, removeRanges, due } = commit;
    const actor = this.#find(address);
    // A version that is not the next one shows that the owner's memory is not what is stored here,
    // so it must load again.
    if (actor === undefined || epoch !== actor.epoch) return fencedBy(actor);
    if (actor.retiredUntil !== undefined || version > actor.version + 1) return fencedBy(actor);
    // Under the same epoch only its owner commits, so a version that is here already is a
    // repetition.
    if (version <= actor.version) return { kind: "stored" };
    if (due !== undefined) this.#changeDue(due);
    for (const name of remove) actor.fields.delete(name);
    if (removeRanges !== undefined) deleteRanges(actor.fields, removeRanges);
    for (const [name, bytes] of copyOf(set)) actor.fields.set(name, bytes);
    actor.version = version;
    return { kind: "stored" };
  }

  read(address: ActorAddress, prefix: string): StoredFields | undefined {
    const actor = this.#find(address);
    if (actor === undefined) return undefined;
    const fields = new Map([...actor.fields].filter(([name]) => name.startsWith(prefix)));
    return { epoch: actor.epoch, version: actor.version, fields: copyOf(fields) };
  }

  retire(address: ActorAddress, { epoch, version, keepMs, due }: Retirement): CommitResult {
    const actor = this.#find(address);
    if (actor === undefined || epoch !== actor.epoch) return fencedBy(actor);
    const isRetired = actor.retiredUntil !== undefined;
    if (isRetired && version === actor.version) return { kind: "stored" };
    if (isRetired || version !== actor.version + 1) return fencedBy(actor);
    if (due !== undefined) this.#changeDue(due);
    actor.fields.clear();
    actor.version = version;
    actor.retiredUntil = this.#now() + keepMs;
    this.#retired.add(actor);
    this.#sweep();
    return { kind: "stored" };
  }

  list({ type, prefix = "", after, limit }: ListQuery): ListPage {
    this.#sweep();
    const { items, next } = this.#order.page(after === undefined ? 0 : Number(after), limit);
    const addresses = items
      .filter(
        ({ address, fields }) =>
          fields.size > 0 &&
          (type === undefined || address.type === type) &&
          address.id.startsWith(prefix),
      )
      .map(({ address }) => ({ type: address.type, id: address.id }));
    return { addresses, next: next === undefined ? undefined : String(next) };
  }

  #find(address: ActorAddress): StoredActor | undefined {
    const actor = this.#actors.get(formatAddress(address));
    if (actor?.retiredUntil === undefined || actor.retiredUntil > this.#now()) return actor;
    this.#forget(actor);
    return undefined;
  }

  #create(address: ActorAddress): StoredActor {
    const actor: StoredActor = {
      address: { type: address.type, id: address.id },
      serial: this.#order.nextSerial,
      revision: 0,
      siloId: "",
      epoch: 0,
      version: 0,
      fields: new Map(),
      retiredUntil: undefined,
    };
    this.#order.push(actor);
    this.#actors.set(formatAddress(address), actor);
    return actor;
  }

  #recall(actor: StoredActor): void {
    actor.retiredUntil = undefined;
    this.#retired.delete(actor);
  }

  #forget(actor: StoredActor): void {
    this.#retired.delete(actor);
    this.#actors.delete(formatAddress(actor.address));
    this.#order.remove(actor);
  }

  #sweep(): void {
    const now = this.#now();
    for (const actor of this.#retired.values().take(SWEPT_AT_ONCE)) {
      this.#retired.delete(actor);
      if ((actor.retiredUntil ?? now) <= now) this.#forget(actor);
      // To the end, so that one that is kept for long hides none of the others.
      else this.#retired.add(actor);
    }
  }

  #changeDue({ add, remove }: DueChange): void {
    for (const entry of add) this.due.add(entry);
    for (const entry of remove) this.due.remove(entry);
  }
}

function fencedBy(actor: StoredActor | undefined): CommitResult {
  return { kind: "fenced", epoch: actor?.epoch ?? 0 };
}

function deleteRanges(fields: Map<string, Uint8Array>, ranges: readonly FieldRange[]): void {
  for (const name of fields.keys()) {
    if (ranges.some(({ from, to }) => name >= from && name < to)) fields.delete(name);
  }
}

function copyOf(fields: Fields): Map<string, Uint8Array> {
  return new Map(Array.from(fields, ([name, bytes]) => [name, Uint8Array.from(bytes)]));
}
