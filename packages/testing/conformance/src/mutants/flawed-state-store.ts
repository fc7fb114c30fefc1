import {
  type ActorAddress,
  type Claim,
  type ClaimResult,
  type Commit,
  type CommitResult,
  formatAddress,
  type IdentifyMode,
  type ListPage,
  type StateStore,
} from "@troupe/core";

/**
 * What a store of state can do wrong. Each would lose or double something that was acknowledged, if
 * nobody noticed.
 */
export const STATE_FLAWS = [
  "commits under an older epoch",
  "commits under an epoch that it never gave",
  "writes what it fences",
  "acknowledges before it has stored",
  "keeps in memory what it acknowledges",
  "counts a repeated commit again",
  "applies a late repetition again",
  "refuses a repeated commit",
  "takes a version that leaves one out",
  "grants an older revision",
  "grants one revision to two silos",
  "refuses its own silo the same revision",
  "raises the epoch when it refuses",
  "gives the same silo the same epoch again",
  "does not mind the epoch that it is told",
  "lets another claim in between its reading and its writing",
  "forgets an actor without fields",
  "leaves out removals",
  "replaces all fields with those of the commit",
  "keeps the bytes that it was given",
  "keeps 64 KiB of a value",
  "writes a commit in two steps, and stops after the first",
  "belongs to whoever asked last",
] as const;

export type StateFlaw = (typeof STATE_FLAWS)[number];

interface StoredActor {
  readonly revision: number;
  readonly siloId: string;
  readonly epoch: number;
  readonly version: number;
  readonly fields: ReadonlyMap<string, Uint8Array>;
}

export type FlawedStates = Map<string, StoredActor>;

const NOBODY: StoredActor = { revision: 0, siloId: "", epoch: 0, version: 0, fields: new Map() };

const SHORT_VALUE = 64 * 1024;

/** A state store in memory with one flaw, or with none. Several may be open on the same states. */
export class FlawedStateStore implements StateStore {
  readonly #flaw: StateFlaw | undefined;
  /** What a crash would lose, if the store's flaw is that there is any such thing. */
  readonly #memory: FlawedStates = new Map();
  readonly #states: FlawedStates;
  #membership: string | undefined;

  constructor(states: FlawedStates, flaw: StateFlaw | undefined) {
    this.#states = states;
    this.#flaw = flaw;
  }

  async claim(address: ActorAddress, claim: Claim): Promise<ClaimResult> {
    const stored = this.#read(address);
    if (!this.#isGranted(stored, claim)) {
      if (this.#has("raises the epoch when it refuses"))
        this.#write(address, { ...stored, epoch: stored.epoch + 1 });
      return { kind: "refused", revision: stored.revision, siloId: stored.siloId };
    }
    if (this.#has("lets another claim in between its reading and its writing"))
      await Promise.resolve();
    const isSame = stored.revision === claim.revision && stored.siloId === claim.siloId;
    const { revision, siloId } = claim;
    const isDeaf = this.#has("does not mind the epoch that it is told");
    const least = Math.max(stored.epoch, isDeaf ? 0 : (claim.epochAbove ?? 0));
    const epoch = least + (isSame && this.#has("gives the same silo the same epoch again") ? 0 : 1);
    this.#write(address, { ...stored, revision, siloId, epoch });
    return { kind: "claimed", epoch, version: stored.version, fields: this.#copy(stored.fields) };
  }

  async commit(address: ActorAddress, commit: Commit): Promise<CommitResult> {
    const stored = this.#read(address);
    if (!this.#isOwner(stored, commit)) {
      if (this.#has("writes what it fences"))
        this.#write(address, { ...stored, fields: this.#changed(stored, commit) });
      return { kind: "fenced", epoch: stored.epoch };
    }
    if (commit.version <= stored.version) return this.#repeat(address, stored, commit);
    const changed = { ...stored, version: commit.version, fields: this.#changed(stored, commit) };
    if (this.#has("acknowledges before it has stored"))
      setImmediate(() => this.#write(address, changed));
    else if (this.#has("keeps in memory what it acknowledges"))
      this.#memory.set(formatAddress(address), changed);
    else this.#write(address, changed);
    return { kind: "stored" };
  }

  /** These have a suite of their own, and flawed stores of their own. */
  async read(): Promise<undefined> {
    return undefined;
  }

  async retire(): Promise<CommitResult> {
    return { kind: "fenced", epoch: 0 };
  }

  async identify(membership: string, mode: IdentifyMode): Promise<string> {
    const isLast = mode === "replace" || this.#has("belongs to whoever asked last");
    this.#membership = isLast ? membership : (this.#membership ?? membership);
    return this.#membership;
  }

  async list(): Promise<ListPage> {
    return { addresses: [], next: undefined };
  }

  async close(): Promise<void> {
    this.#memory.clear();
  }

  #has(flaw: StateFlaw): boolean {
    return this.#flaw === flaw;
  }

  #isGranted(stored: StoredActor, { revision, siloId }: Claim): boolean {
    if (revision > stored.revision) return true;
    if (revision < stored.revision) return this.#has("grants an older revision");
    if (siloId !== stored.siloId) return this.#has("grants one revision to two silos");
    return !this.#has("refuses its own silo the same revision");
  }

  #isOwner(stored: StoredActor, { epoch, version }: Commit): boolean {
    if (epoch < stored.epoch && !this.#has("commits under an older epoch")) return false;
    if (epoch > stored.epoch && !this.#has("commits under an epoch that it never gave"))
      return false;
    if (version === stored.version && this.#has("refuses a repeated commit")) return false;
    return version <= stored.version + 1 || this.#has("takes a version that leaves one out");
  }

  #repeat(address: ActorAddress, stored: StoredActor, commit: Commit): CommitResult {
    if (this.#has("counts a repeated commit again"))
      this.#write(address, { ...stored, version: stored.version + 1 });
    if (this.#has("applies a late repetition again"))
      this.#write(address, { ...stored, fields: this.#changed(stored, commit) });
    return { kind: "stored" };
  }

  #changed(stored: StoredActor, { set, remove }: Commit): ReadonlyMap<string, Uint8Array> {
    const fields = new Map(
      this.#has("replaces all fields with those of the commit") ? [] : stored.fields,
    );
    for (const [name, bytes] of this.#copy(set)) fields.set(name, bytes);
    if (this.#has("writes a commit in two steps, and stops after the first") && set.size > 0)
      return fields;
    if (!this.#has("leaves out removals")) for (const name of remove) fields.delete(name);
    return fields;
  }

  #copy(fields: ReadonlyMap<string, Uint8Array>): Map<string, Uint8Array> {
    if (this.#has("keeps the bytes that it was given")) return new Map(fields);
    const length = this.#has("keeps 64 KiB of a value") ? SHORT_VALUE : undefined;
    return new Map(Array.from(fields, ([name, bytes]) => [name, bytes.slice(0, length)]));
  }

  #read(address: ActorAddress): StoredActor {
    const key = formatAddress(address);
    return this.#memory.get(key) ?? this.#states.get(key) ?? NOBODY;
  }

  #write(address: ActorAddress, actor: StoredActor): void {
    const key = formatAddress(address);
    if (
      this.#has("forgets an actor without fields") &&
      actor.fields.size === 0 &&
      actor.version > 0
    )
      this.#states.delete(key);
    else this.#states.set(key, actor);
  }
}
