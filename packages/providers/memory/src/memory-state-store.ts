import {
  type ActorAddress,
  type Claim,
  type ClaimResult,
  type Commit,
  type CommitResult,
  type Fields,
  formatAddress,
  type ListPage,
  type ListQuery,
  parseAddress,
  type Retirement,
  type StateStore,
  type StoredFields,
  TroupeError,
} from "@troupe/core";
import { type DueIndex, MemoryDueIndex } from "./memory-reminder-store.ts";

interface StoredActor {
  revision: number;
  siloId: string;
  epoch: number;
  version: number;
  fields: Map<string, Uint8Array>;
  /** When nothing is left of it, in milliseconds on the clock of the states; for one that retired. */
  goneAt: number | undefined;
}

/**
 * The stored actors themselves: they outlive the stores that are opened on them, as a disk outlives
 * its processes.
 */
export class MemoryStates {
  /** The index of due times that their commits carry entries for. */
  readonly due: DueIndex;
  readonly #now: () => number;
  readonly #actors = new Map<string, StoredActor>();

  /** `now` tells milliseconds, for actors that retire. Default: no time passes. */
  constructor(due: DueIndex = new MemoryDueIndex(), now: () => number = () => 0) {
    this.due = due;
    this.#now = now;
  }

  claim(address: ActorAddress, { revision, siloId }: Claim): ClaimResult {
    const stored = this.#find(address);
    if (
      stored !== undefined &&
      (revision < stored.revision || (revision === stored.revision && siloId !== stored.siloId))
    ) {
      return { kind: "refused", revision: stored.revision, siloId: stored.siloId };
    }
    const actor = stored ?? { ...NEVER_STORED, fields: new Map<string, Uint8Array>() };
    actor.revision = revision;
    actor.siloId = siloId;
    actor.epoch++;
    actor.goneAt = undefined;
    this.#actors.set(formatAddress(address), actor);
    const { epoch, version, fields } = actor;
    return { kind: "claimed", epoch, version, fields: copyOf(fields) };
  }

  commit(address: ActorAddress, commit: Commit): CommitResult {
    const actor = this.#find(address);
    const found = next(actor, commit);
    if (actor === undefined || found !== undefined) return found ?? { kind: "fenced", epoch: 0 };
    const { set, remove, removeRanges = [], due } = commit;
    for (const { from, to } of removeRanges) {
      for (const name of actor.fields.keys()) {
        if (name >= from && name < to) actor.fields.delete(name);
      }
    }
    for (const name of remove) actor.fields.delete(name);
    for (const [name, bytes] of copyOf(set)) actor.fields.set(name, bytes);
    actor.version = commit.version;
    for (const entry of due?.add ?? []) this.due.add(entry);
    for (const entry of due?.remove ?? []) this.due.remove(entry);
    return { kind: "stored" };
  }

  read(address: ActorAddress, prefix: string): StoredFields | undefined {
    const actor = this.#find(address);
    if (actor === undefined) return undefined;
    const { epoch, version, fields } = actor;
    const asked = [...fields].filter(([name]) => name.startsWith(prefix));
    return { epoch, version, fields: copyOf(new Map(asked)) };
  }

  retire(address: ActorAddress, retirement: Retirement): CommitResult {
    const actor = this.#find(address);
    const found = next(actor, retirement);
    if (actor === undefined || found !== undefined) return found ?? { kind: "fenced", epoch: 0 };
    actor.version = retirement.version;
    actor.fields = new Map();
    actor.goneAt = this.#now() + retirement.keepMs;
    return { kind: "stored" };
  }

  /** In the order of keys; the cursor is the last key that was looked at. */
  list({ type, after, limit }: ListQuery): ListPage {
    const addresses: ActorAddress[] = [];
    const keys = [...this.#actors.keys()].toSorted();
    for (const key of keys) {
      if (after !== undefined && key <= after) continue;
      const address = parseAddress(key);
      if (address === undefined || (type !== undefined && address.type !== type)) continue;
      if ((this.#find(address)?.fields.size ?? 0) === 0) continue;
      addresses.push(address);
      if (addresses.length >= limit) return { addresses, next: key };
    }
    return { addresses, next: undefined };
  }

  #find(address: ActorAddress): StoredActor | undefined {
    const key = formatAddress(address);
    const actor = this.#actors.get(key);
    if (actor?.goneAt === undefined || this.#now() < actor.goneAt) return actor;
    this.#actors.delete(key);
    return undefined;
  }
}

const NEVER_STORED = { revision: 0, siloId: "", epoch: 0, version: 0, goneAt: undefined };

/** Undefined if the change comes next; else its answer, without a change. */
function next(
  actor: StoredActor | undefined,
  { epoch, version }: Pick<Commit, "epoch" | "version">,
): CommitResult | undefined {
  // A version that is not the next one shows that the owner's memory is not what is stored here, so
  // it must load again.
  if (actor === undefined || epoch !== actor.epoch || version > actor.version + 1) {
    return { kind: "fenced", epoch: actor?.epoch ?? 0 };
  }
  // Under the same epoch only its owner commits, so a version that is here already is a repetition.
  return version <= actor.version ? { kind: "stored" } : undefined;
}

/** A `StateStore` on this process's memory. Several may be open on one `MemoryStates`. */
export class MemoryStateStore implements StateStore {
  readonly #states: MemoryStates;
  #closed = false;

  constructor(states: MemoryStates = new MemoryStates()) {
    this.#states = states;
  }

  async claim(address: ActorAddress, claim: Claim): Promise<ClaimResult> {
    return this.#open().claim(address, claim);
  }

  async commit(address: ActorAddress, commit: Commit): Promise<CommitResult> {
    return this.#open().commit(address, commit);
  }

  async read(address: ActorAddress, prefix: string): Promise<StoredFields | undefined> {
    return this.#open().read(address, prefix);
  }

  async retire(address: ActorAddress, retirement: Retirement): Promise<CommitResult> {
    return this.#open().retire(address, retirement);
  }

  async list(query: ListQuery): Promise<ListPage> {
    return this.#open().list(query);
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #open(): MemoryStates {
    if (!this.#closed) return this.#states;
    const options = { ran: "no", retryable: false } as const;
    throw new TroupeError("STORE_UNAVAILABLE", "this state store was closed", options);
  }
}

function copyOf(fields: Fields): Map<string, Uint8Array> {
  return new Map(Array.from(fields, ([name, bytes]) => [name, Uint8Array.from(bytes)]));
}
