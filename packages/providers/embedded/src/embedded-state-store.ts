import {
  formatAddress,
  TroupeError,
  type ActorAddress,
  type ListPage,
  type ListQuery,
  type Claim,
  type ClaimResult,
  type Clock,
  type Commit,
  type CommitResult,
  type IdentifyMode,
  type FieldRange,
  type Retirement,
  type StateStore,
  type StoredFields,
} from "@troupe/core";
import type { Database } from "lmdb";
import { pageOfActors } from "./actor-pages.ts";
import { actorKey, fieldKey, fieldsEnd } from "./actor-key.ts";
import { writeIfUnchanged } from "./conditional-write.ts";
import { changeEntries, type DueTable, openDueTable } from "./due-table.ts";
import { noteIdentity, STORED_FOR } from "./folder-identity.ts";
import type { Environment } from "./environment.ts";
import { Lanes } from "./lanes.ts";
import { RetiredTable } from "./retired-table.ts";
import type { WriteGate } from "./write-gate.ts";

/** What is stored of an actor besides its fields. */
export interface Head {
  readonly epoch: number;
  readonly version: number;
  readonly revision: number;
  readonly siloId: string;
  /** When the actor is forgotten, in milliseconds since the epoch; only if it was retired. */
  readonly retiredUntil?: number;
}

/**
 * A head as it was read; `change` is undefined if there is none yet. A head whose time is over
 * counts as none, and still has its changes.
 */
interface ReadHead {
  readonly head: Head | undefined;
  readonly change: number | undefined;
}

/**
 * Attempts at one change. Each fails only because another process changed the same actor in
 * between.
 */
const ATTEMPTS_MAX = 1_000;

/**
 * The state of actors in an lmdb environment, for several processes at once.
 *
 * LMS-1. The head of an actor counts its changes, and every claim and commit of it is one
 *     transaction that changes the head if, and only if, the head is still the one that was read.
 *     So what a claim reads is what its epoch begins with, and a commit under an older epoch
 *     changes nothing, however long its process was stopped.
 * LMS-2. What was read may be old, and no answer depends on it being new: epochs, revisions and
 *     versions only rise, so whoever was refused, fenced or stored once is so for ever.
 */
export class EmbeddedStateStore implements StateStore {
  readonly #environment: Environment;
  readonly #folder: string;
  readonly #gate: WriteGate;
  readonly #heads: Database<Head, Buffer>;
  readonly #fields: Database<Buffer, Buffer>;
  readonly #due: DueTable;
  readonly #retired: RetiredTable;
  readonly #clock: Pick<Clock, "now">;
  readonly #lanes = new Lanes();

  constructor(
    environment: Environment,
    { folder, gate }: { readonly folder: string; readonly gate: WriteGate },
    clock: Pick<Clock, "now">,
  ) {
    this.#environment = environment;
    this.#folder = folder;
    this.#gate = gate;
    this.#clock = clock;
    const { root } = environment;
    this.#heads = root.openDB<Head, Buffer>({
      name: "troupe-heads",
      keyEncoding: "binary",
      encoding: "json",
      useVersions: true,
    });
    this.#fields = root.openDB<Buffer, Buffer>({
      name: "troupe-fields",
      keyEncoding: "binary",
      encoding: "binary",
    });
    this.#due = openDueTable(root);
    this.#retired = new RetiredTable(root, this.#heads);
  }

  claim(address: ActorAddress, claim: Claim): Promise<ClaimResult> {
    return this.#lanes.run(formatAddress(address), () =>
      this.#repeat(address, (key) => this.#tryClaim(key, claim)),
    );
  }

  commit(address: ActorAddress, commit: Commit): Promise<CommitResult> {
    // Whoever calls may use its bytes again, and lmdb's thread reads them later.
    const set = Array.from(commit.set, ([name, bytes]) => [name, Buffer.from(bytes)] as const);
    return this.#lanes.run(formatAddress(address), () =>
      this.#repeat(address, (key) => this.#tryCommit(key, commit, set)),
    );
  }

  async read(address: ActorAddress, prefix: string): Promise<StoredFields | undefined> {
    this.#checkOpen();
    this.#checkThere();
    // Another process may have stored what is asked for.
    this.#heads.resetReadTxn();
    const key = actorKey(address);
    const { head } = this.#read(key);
    if (head === undefined) return undefined;
    const { epoch, version } = head;
    return { epoch, version, fields: this.#readFields(key, prefix) };
  }

  async retire(address: ActorAddress, retirement: Retirement): Promise<CommitResult> {
    const result = await this.#lanes.run(formatAddress(address), () =>
      this.#repeat(address, (key) => this.#tryRetire(key, retirement)),
    );
    await this.#sweep();
    return result;
  }

  async list(query: ListQuery): Promise<ListPage> {
    this.#checkOpen();
    this.#fields.resetReadTxn();
    return pageOfActors(this.#fields, query);
  }

  async identify(membership: string, mode: IdentifyMode): Promise<string> {
    try {
      return noteIdentity(this.#folder, STORED_FOR, { id: membership, mode });
    } catch (error) {
      throw this.#gate.unavailable("its identity cannot be read or written", error);
    }
  }

  async close(): Promise<void> {
    await this.#gate.idle();
    await this.#environment.close();
  }

  async #repeat<T>(
    address: ActorAddress,
    attempt: (key: Buffer) => Promise<T | undefined>,
  ): Promise<T> {
    const key = actorKey(address);
    for (let attempts = 0; attempts < ATTEMPTS_MAX; attempts++) {
      this.#checkOpen();
      const result = await attempt(key);
      if (result !== undefined) return result;
    }
    throw this.#gate.unavailable(`other processes keep changing ${formatAddress(address)}`);
  }

  async #tryClaim(key: Buffer, claim: Claim): Promise<ClaimResult | undefined> {
    const { revision, siloId, epochAbove = 0 } = claim;
    const { head, change } = this.#read(key);
    if (
      head !== undefined &&
      (revision < head.revision || (revision === head.revision && siloId !== head.siloId))
    ) {
      return { kind: "refused", revision: head.revision, siloId: head.siloId };
    }
    const epoch = Math.max(head?.epoch ?? 0, epochAbove) + 1;
    const version = head?.version ?? 0;
    // Read before the write: should they change in between, the head does too, and the write is not
    // made (LMS-1).
    const fields = this.#readFields(key, "");
    const claimed = await this.#write(key, change, () =>
      this.#putHead(key, change, { epoch, version, revision, siloId }),
    );
    return claimed ? { kind: "claimed", epoch, version, fields } : undefined;
  }

  async #tryCommit(
    key: Buffer,
    commit: Commit,
    set: readonly (readonly [string, Buffer])[],
  ): Promise<CommitResult | undefined> {
    const { head, change } = this.#read(key);
    if (head === undefined || head.epoch !== commit.epoch || head.retiredUntil !== undefined)
      return { kind: "fenced", epoch: head?.epoch ?? 0 };
    if (commit.version <= head.version) return { kind: "stored" };
    if (commit.version !== head.version + 1) {
      throw new TroupeError(
        "INTERNAL",
        `commit ${commit.version} does not follow ${head.version}, the last one stored`,
      );
    }
    const { removeRanges, due } = commit;
    const ranged = removeRanges === undefined ? [] : this.#keysIn(key, removeRanges);
    const stored = await this.#write(key, change, () => {
      this.#putHead(key, change, { ...head, version: commit.version });
      for (const name of commit.remove) void this.#fields.remove(fieldKey(key, name));
      for (const field of ranged) void this.#fields.remove(field);
      for (const [name, bytes] of set) void this.#fields.put(fieldKey(key, name), bytes);
      if (due !== undefined) changeEntries(this.#due, due);
    });
    return stored ? { kind: "stored" } : undefined;
  }

  async #tryRetire(
    key: Buffer,
    { epoch, version, keepMs, due }: Retirement,
  ): Promise<CommitResult | undefined> {
    const { head, change } = this.#read(key);
    if (head === undefined || head.epoch !== epoch)
      return { kind: "fenced", epoch: head?.epoch ?? 0 };
    if (head.retiredUntil !== undefined && head.version === version) return { kind: "stored" };
    if (head.retiredUntil !== undefined || head.version + 1 !== version)
      return { kind: "fenced", epoch };
    const retiredUntil = this.#clock.now() + keepMs;
    const fields = [...this.#fields.getKeys({ start: key, end: fieldsEnd(key) })];
    const stored = await this.#write(key, change, () => {
      this.#putHead(key, change, { ...head, version, retiredUntil });
      this.#retired.put(key, retiredUntil);
      for (const field of fields) void this.#fields.remove(field);
      if (due !== undefined) changeEntries(this.#due, due);
    });
    return stored ? { kind: "stored" } : undefined;
  }

  /** Forgets a few retired actors whose time is over: more than one call retires. */
  async #sweep(): Promise<void> {
    for (const { key, change, forget } of this.#retired.over(this.#clock.now()))
      await this.#write(key, change, forget);
  }

  #checkOpen(): void {
    if (this.#environment.isClosed) throw this.#gate.unavailable("it is closed");
  }

  #checkThere(): void {
    const problem = this.#environment.presence.problem();
    if (problem !== undefined) throw this.#gate.unavailable(problem);
  }

  #read(key: Buffer): ReadHead {
    const entry = this.#heads.getEntry(key);
    const head = entry?.value;
    const isOver = head?.retiredUntil !== undefined && head.retiredUntil <= this.#clock.now();
    return { head: isOver ? undefined : head, change: entry?.version };
  }

  #keysIn(key: Buffer, ranges: readonly FieldRange[]): Buffer[] {
    return ranges.flatMap(({ from, to }) => [
      ...this.#fields.getKeys({ start: fieldKey(key, from), end: fieldKey(key, to) }),
    ]);
  }

  #readFields(key: Buffer, prefix: string): Map<string, Uint8Array> {
    const fields = new Map<string, Uint8Array>();
    const start = fieldKey(key, prefix);
    for (const entry of this.#fields.getRange({ start, end: fieldsEnd(start) })) {
      fields.set(entry.key.toString("utf8", key.length), entry.value);
    }
    return fields;
  }

  #write(key: Buffer, change: number | undefined, changes: () => void): Promise<boolean> {
    return this.#gate.run(() => writeIfUnchanged(this.#heads, key, change, changes));
  }

  #putHead(key: Buffer, change: number | undefined, head: Head): void {
    void this.#heads.put(key, head, (change ?? 0) + 1);
  }
}
