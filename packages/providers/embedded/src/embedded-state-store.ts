import {
  formatAddress,
  TroupeError,
  type ActorAddress,
  type Claim,
  type ClaimResult,
  type Commit,
  type CommitResult,
  type ListPage,
  type ListQuery,
  type Retirement,
  type StateStore,
  type StoredFields,
} from "@troupe/core";
import type { Database } from "lmdb";
import { actorKey, fieldKey, fieldsEnd, parseActorKey } from "./actor-key.ts";
import { writeIfUnchanged } from "./conditional-write.ts";
import { type DueEntries, openDueEntries, putEntry, removeEntry } from "./due-entries.ts";
import type { Environment } from "./environment.ts";
import { Lanes } from "./lanes.ts";
import type { WriteGate } from "./write-gate.ts";

/** What is stored of an actor besides its fields. */
interface Head {
  readonly epoch: number;
  readonly version: number;
  readonly revision: number;
  readonly siloId: string;
  /** When nothing is left of an actor that retired, in milliseconds since the Unix epoch. */
  readonly goneAt?: number;
}

/** A head as it was read; `change` is undefined if there is none yet. */
interface ReadHead {
  readonly head: Head | undefined;
  readonly change: number | undefined;
}

/**
 * Attempts at one change. Each fails only because another process changed the same actor in
 * between.
 */
const ATTEMPTS_MAX = 1_000;

/** Lower than every key. */
const FIRST_KEY = Buffer.from([0]);

/** Actors that one page looks at, so that a page of a rare type holds up nothing. */
const LOOKED_MAX = 10_000;

/**
 * The state of actors in an lmdb environment, for several processes at once.
 *
 * LMS-1. The head of an actor counts its changes, and every claim and commit of it is one transaction
 *     that changes the head if, and only if, the head is still the one that was read. So what a
 *     claim reads is what its epoch begins with, and a commit under an older epoch changes nothing,
 *     however long its process was stopped.
 * LMS-2. What was read may be old, and no answer depends on it being new: epochs, revisions and
 *     versions only rise, so whoever was refused, fenced or stored once is so for ever.
 */
export class EmbeddedStateStore implements StateStore {
  readonly #environment: Environment;
  readonly #gate: WriteGate;
  readonly #heads: Database<Head, Buffer>;
  readonly #fields: Database<Buffer, Buffer>;
  readonly #due: DueEntries;
  readonly #lanes = new Lanes();
  readonly #now: () => number;

  constructor(environment: Environment, gate: WriteGate, now: () => number) {
    this.#environment = environment;
    this.#now = now;
    this.#due = openDueEntries(environment);
    this.#gate = gate;
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
    const key = actorKey(address);
    for (let attempts = 0; attempts < ATTEMPTS_MAX; attempts++) {
      if (this.#environment.isClosed) throw this.#gate.unavailable("it is closed");
      this.#heads.resetReadTxn();
      const { head, change } = this.#read(key);
      if (head === undefined || this.#isGone(head)) return undefined;
      const fields = this.#readFields(key, prefix);
      // Both are of one moment if the head is still the same.
      if (this.#read(key).change !== change) continue;
      return { epoch: head.epoch, version: head.version, fields };
    }
    throw this.#gate.unavailable(`other processes keep changing ${formatAddress(address)}`);
  }

  retire(address: ActorAddress, retirement: Retirement): Promise<CommitResult> {
    return this.#lanes.run(formatAddress(address), () =>
      this.#repeat(address, (key) => this.#tryRetire(key, retirement)),
    );
  }

  /** In the order of keys; the cursor is the last key that was looked at. */
  async list({ type, after, limit }: ListQuery): Promise<ListPage> {
    if (this.#environment.isClosed) throw this.#gate.unavailable("it is closed");
    this.#heads.resetReadTxn();
    const start = after === undefined ? FIRST_KEY : Buffer.from(after, "base64url");
    const addresses: ActorAddress[] = [];
    let looked = 0;
    let last: Buffer | undefined;
    for (const key of this.#heads.getKeys({ start })) {
      if (after !== undefined && last === undefined && key.equals(start)) continue;
      last = Buffer.from(key);
      const { address } = parseActorKey(last, 0);
      const isAsked = type === undefined || address.type === type;
      if (isAsked && this.#hasFields(last)) addresses.push(address);
      else if (isAsked) this.#removeIfGone(last);
      if (addresses.length >= limit || ++looked >= LOOKED_MAX)
        return { addresses, next: last.toString("base64url") };
    }
    return { addresses, next: undefined };
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
      if (this.#environment.isClosed) throw this.#gate.unavailable("it is closed");
      const result = await attempt(key);
      if (result !== undefined) return result;
    }
    throw this.#gate.unavailable(`other processes keep changing ${formatAddress(address)}`);
  }

  async #tryClaim(key: Buffer, { revision, siloId }: Claim): Promise<ClaimResult | undefined> {
    const { head, change } = this.#read(key);
    if (
      head !== undefined &&
      (revision < head.revision || (revision === head.revision && siloId !== head.siloId))
    ) {
      return { kind: "refused", revision: head.revision, siloId: head.siloId };
    }
    // Of an actor that is gone nothing counts, but its epoch may as well go on.
    const { epoch, version } = { epoch: (head?.epoch ?? 0) + 1, version: head?.version ?? 0 };
    // Read before the write: should they change in between, the head does too, and the write is not
    // made (LMS-1).
    const fields = this.#readFields(key);
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
    if (head === undefined || head.epoch !== commit.epoch)
      return { kind: "fenced", epoch: head?.epoch ?? 0 };
    if (commit.version <= head.version) return { kind: "stored" };
    if (commit.version !== head.version + 1) {
      throw new TroupeError(
        "INTERNAL",
        `commit ${commit.version} does not follow ${head.version}, the last one stored`,
      );
    }
    const stored = await this.#write(key, change, () => {
      this.#putHead(key, change, { ...head, version: commit.version });
      for (const { from, to } of commit.removeRanges ?? []) this.#removeRange(key, from, to);
      for (const name of commit.remove) void this.#fields.remove(fieldKey(key, name));
      for (const [name, bytes] of set) void this.#fields.put(fieldKey(key, name), bytes);
      for (const entry of commit.due?.add ?? []) putEntry(this.#due, entry);
      for (const entry of commit.due?.remove ?? []) removeEntry(this.#due, entry);
    });
    return stored ? { kind: "stored" } : undefined;
  }

  async #tryRetire(key: Buffer, retirement: Retirement): Promise<CommitResult | undefined> {
    const { head, change } = this.#read(key);
    if (head === undefined || head.epoch !== retirement.epoch)
      return { kind: "fenced", epoch: head?.epoch ?? 0 };
    if (retirement.version <= head.version) return { kind: "stored" };
    if (retirement.version !== head.version + 1) return { kind: "fenced", epoch: head.epoch };
    const names = [...this.#readFields(key, "").keys()];
    const goneAt = this.#now() + retirement.keepMs;
    const stored = await this.#write(key, change, () => {
      this.#putHead(key, change, { ...head, version: retirement.version, goneAt });
      for (const name of names) void this.#fields.remove(fieldKey(key, name));
    });
    return stored ? { kind: "stored" } : undefined;
  }

  #removeRange(key: Buffer, from: string, to: string): void {
    const range = { start: fieldKey(key, from), end: fieldKey(key, to) };
    for (const field of this.#fields.getKeys(range)) void this.#fields.remove(Buffer.from(field));
  }

  #hasFields(key: Buffer): boolean {
    return this.#fields.getKeysCount({ start: key, end: fieldsEnd(key), limit: 1 }) > 0;
  }

  /** Whoever lists the actors takes away what is left of those that are gone. */
  #removeIfGone(key: Buffer): void {
    const { head, change } = this.#read(key);
    if (head === undefined || !this.#isGone(head)) return;
    // One that cannot be removed now is removed by the next list.
    this.#write(key, change, () => void this.#heads.remove(key)).catch(() => undefined);
  }

  #isGone({ goneAt }: Head): boolean {
    return goneAt !== undefined && this.#now() >= goneAt;
  }

  #read(key: Buffer): ReadHead {
    const entry = this.#heads.getEntry(key);
    return { head: entry?.value, change: entry?.version };
  }

  #readFields(key: Buffer, prefix = ""): Map<string, Uint8Array> {
    const fields = new Map<string, Uint8Array>();
    const start = prefix === "" ? key : fieldKey(key, prefix);
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
