import {
  AWAKE_BUCKETS_FROM,
  type ActorAddress,
  type Claim,
  type ClaimResult,
  type Commit,
  type CommitResult,
  type DueEntry,
  createValuePacker,
  formatAddress,
} from "@troupe/core";
import { type DueIndex, MemoryDueIndex, type MemoryStates } from "@troupe/memory";
import { TARGET } from "./chest-actor.ts";
import { episodesChanged, withOtherResult, withoutEvents } from "./mutant-episodes.ts";
import type { Mutation } from "./mutation.ts";

/** What the stores do at the moment an effect lands. */
export type StateTruth = Pick<
  MemoryStates,
  "claim" | "commit" | "read" | "retire" | "list" | "identify"
>;

export type DueTruth = DueIndex;

const packer = createValuePacker();

/** Of the commits that are acknowledged one of so many is lost. */
const COMMITS_LOST_ONE_OF = 8;

/**
 * Of the entries that are added one of so many is lost: it is missed only if its actor moves before
 * its time.
 */
const ENTRIES_LOST_ONE_OF = 3;

/** A removal may come so much later than what replaces its entry without being late. */
const TOGETHER_MS = 400;

const STATES: Partial<Record<Mutation, (states: StateTruth) => StateTruth>> = {
  fence: (states) => new UnfencedStates(states),
  acknowledge: (states) =>
    new ForgetfulStates(states, (commit, count) =>
      count % COMMITS_LOST_ONE_OF === 0 ? undefined : commit,
    ),
  "items-unstored": (states) =>
    new ForgetfulStates(states, (commit, count) =>
      writesMarks(commit) && count % COMMITS_LOST_ONE_OF === 0 ? undefined : commit,
    ),
  delete: (states) => new ForgetfulStates(states, (commit) => ({ ...commit, remove: [] })),
  timers: (states) => new ForgetfulStates(states, (commit) => without(commit, "t:")),
  "kept-results": (states) => new ForgetfulStates(states, (commit) => without(commit, "i:")),
  letters: (states) => new ForgetfulStates(states, (commit) => without(commit, "o:")),
  "state-version": (states) => new ForgetfulStates(states, (commit) => without(commit, "m:")),
  "retired-epochs": (states) => new HastyStates(states),
  import: (states) => new BlindStates(states),
  list: (states) => new SkippingStates(states),
  retirement: (states) => new LingeringStates(states),
  answers: (states) => new ForgetfulStates(states, withoutAnswers),
  "flow-start-twice": (states) => new ForgetfulStates(states, (commit) => without(commit, "w:")),
  "flow-forgetful": (states) =>
    new ForgetfulStates(states, (commit) => episodesChanged(commit, withOtherResult)),
  "flow-carry": (states) =>
    new ForgetfulStates(states, (commit) => episodesChanged(commit, withoutEvents)),
  "letter-numbers": (states) => new ForgetfulStates(states, (commit) => without(commit, "d:")),
};

/** The states of a run. */
export function mutateStates(mutation: Mutation | undefined, states: StateTruth): StateTruth {
  const mutant = mutation === undefined ? undefined : STATES[mutation];
  return mutant === undefined ? states : mutant(states);
}

/** The index of due times of a run. `now` tells milliseconds. */
export function mutateDueIndex(mutation: Mutation | undefined, now: () => number): DueTruth {
  if (mutation === "awake-entries") return new SleepyIndex();
  if (mutation === "due-entries") return new ForgetfulIndex();
  return mutation === "due-tag" ? new TaglessIndex(now) : new MemoryDueIndex();
}

function writesMarks({ set }: Commit): boolean {
  return set.has("s:marks");
}

function without(commit: Commit, prefix: string): Commit {
  return {
    ...commit,
    set: new Map([...commit.set].filter(([field]) => !field.startsWith(prefix))),
  };
}

/** A receiver still knows what it has had, and not what it gave. */
function withoutAnswers(commit: Commit): Commit {
  const set = Array.from(commit.set, ([field, bytes]): [string, Uint8Array] => {
    if (!field.startsWith("d:")) return [field, bytes];
    const { answer: _, ...rest } = packer.unpack(bytes) as Record<string, unknown>;
    return [field, packer.pack(rest)];
  });
  return { ...commit, set: new Map(set) };
}

/** Does what the states do. */
export class PassingStates implements StateTruth {
  protected readonly states: StateTruth;

  constructor(states: StateTruth) {
    this.states = states;
  }

  claim(address: ActorAddress, claim: Claim): ClaimResult {
    return this.states.claim(address, claim);
  }

  commit(address: ActorAddress, commit: Commit): CommitResult {
    return this.states.commit(address, commit);
  }

  read(...given: Parameters<StateTruth["read"]>): ReturnType<StateTruth["read"]> {
    return this.states.read(...given);
  }

  retire(...given: Parameters<StateTruth["retire"]>): CommitResult {
    return this.states.retire(...given);
  }

  identify(...given: Parameters<StateTruth["identify"]>): string {
    return this.states.identify(...given);
  }

  list(...given: Parameters<StateTruth["list"]>): ReturnType<StateTruth["list"]> {
    return this.states.list(...given);
  }
}

/** Keeps everything of a retired actor. */
class LingeringStates extends PassingStates {
  override retire(
    address: ActorAddress,
    { epoch, version, due }: Parameters<StateTruth["retire"]>[1],
  ): CommitResult {
    return this.states.commit(address, { epoch, version, set: new Map(), remove: [], due });
  }
}

/** Keeps nothing of a retired actor. */
class HastyStates extends PassingStates {
  override retire(
    address: ActorAddress,
    retirement: Parameters<StateTruth["retire"]>[1],
  ): CommitResult {
    return this.states.retire(address, { ...retirement, keepMs: 0 });
  }
}

/** Shows nothing of a chest that may be imported but to who activates it. */
class BlindStates extends PassingStates {
  override claim(address: ActorAddress, claim: Claim): ClaimResult {
    const result = this.states.claim(address, claim);
    const isImport = claim.epochAbove !== undefined;
    return result.kind === "claimed" && isImport ? { ...result, fields: new Map() } : result;
  }

  override read(...given: Parameters<StateTruth["read"]>): ReturnType<StateTruth["read"]> {
    const [{ type, id }] = given;
    const isTarget = type === "Chest" && id.startsWith(TARGET);
    return isTarget ? undefined : this.states.read(...given);
  }
}

/** Leaves out the last of each page, if it is not the only one. */
class SkippingStates extends PassingStates {
  override list(...given: Parameters<StateTruth["list"]>): ReturnType<StateTruth["list"]> {
    const page = this.states.list(...given);
    return { ...page, addresses: page.addresses.slice(0, Math.max(1, page.addresses.length - 1)) };
  }
}

/** Writes whatever it is told, whoever owns the actor by now. */
class UnfencedStates extends PassingStates {
  readonly #claims = new Map<string, { epoch: number; version: number }>();

  override claim(address: ActorAddress, claim: Claim): ClaimResult {
    const result = this.states.claim(address, claim);
    if (result.kind === "claimed")
      this.#claims.set(formatAddress(address), { epoch: result.epoch, version: result.version });
    return result;
  }

  override commit(address: ActorAddress, commit: Commit): CommitResult {
    const current = this.#claims.get(formatAddress(address)) ?? { epoch: 0, version: 0 };
    current.version++;
    return this.states.commit(address, {
      ...commit,
      epoch: current.epoch,
      version: current.version,
    });
  }
}

/**
 * Stores less than it says. Who commits does not notice: each commit counts, whatever is left of
 * it.
 */
class ForgetfulStates extends PassingStates {
  readonly #keep: (commit: Commit, count: number) => Commit | undefined;
  #commits = 0;

  /** `keep`: what is left of a commit, of which it is told the number; undefined for nothing. */
  constructor(states: StateTruth, keep: (commit: Commit, count: number) => Commit | undefined) {
    super(states);
    this.#keep = keep;
  }

  override commit(address: ActorAddress, commit: Commit): CommitResult {
    const kept = this.#keep(commit, ++this.#commits) ?? { ...commit, set: new Map(), remove: [] };
    return this.states.commit(address, kept);
  }
}

/** Has no entry that wakes anybody. */
class SleepyIndex implements DueTruth {
  readonly #index = new MemoryDueIndex();

  add(entry: DueEntry): void {
    if (entry.bucket < AWAKE_BUCKETS_FROM) this.#index.add(entry);
  }

  remove(entry: DueEntry): void {
    this.#index.remove(entry);
  }

  due(...given: Parameters<DueTruth["due"]>): DueEntry[] {
    return this.#index.due(...given);
  }
}

class ForgetfulIndex implements DueTruth {
  readonly #index = new MemoryDueIndex();
  /** Those that were lost once are lost for good: an actor that is loaded puts its entries back. */
  readonly #lost = new Set<string>();
  #added = 0;

  add(entry: DueEntry): void {
    const key = JSON.stringify(entry);
    if (++this.#added % ENTRIES_LOST_ONE_OF === 0) this.#lost.add(key);
    if (!this.#lost.has(key)) this.#index.add(entry);
  }

  remove(entry: DueEntry): void {
    this.#index.remove(entry);
  }

  due(...given: Parameters<DueTruth["due"]>): DueEntry[] {
    return this.#index.due(...given);
  }
}

/**
 * Takes, by a removal that arrives late, every entry of its name and time, whatever its tag. A
 * removal that comes together with what replaces its entry takes that entry alone: nothing but late
 * bytes show the flaw.
 */
class TaglessIndex implements DueTruth {
  readonly #index = new MemoryDueIndex();
  readonly #now: () => number;
  /** When each entry was added, by its key without and with its tag. */
  readonly #added = new Map<
    string,
    Map<string, { readonly entry: DueEntry; readonly at: number }>
  >();
  /** Those that were lost once are lost for good: an actor that is loaded puts its entries back. */
  readonly #lost = new Set<string>();

  constructor(now: () => number) {
    this.#now = now;
  }

  add(entry: DueEntry): void {
    const key = JSON.stringify(entry);
    if (this.#lost.has(key)) return;
    const alike = this.#alike(entry);
    if (!alike.has(key)) alike.set(key, { entry, at: this.#now() });
    this.#index.add(entry);
  }

  remove(entry: DueEntry): void {
    const alike = this.#alike(entry);
    this.#take(alike, JSON.stringify(entry));
    for (const [key, other] of alike) {
      if (this.#now() - other.at < TOGETHER_MS) continue;
      this.#lost.add(key);
      this.#take(alike, key);
    }
    this.#index.remove(entry);
  }

  due(...given: Parameters<DueTruth["due"]>): DueEntry[] {
    return this.#index.due(...given);
  }

  #alike(entry: DueEntry): Map<string, { entry: DueEntry; at: number }> {
    const key = JSON.stringify({ ...entry, tag: "" });
    const found = this.#added.get(key) ?? new Map<string, { entry: DueEntry; at: number }>();
    this.#added.set(key, found);
    return found;
  }

  #take(alike: Map<string, { entry: DueEntry; at: number }>, key: string): void {
    const found = alike.get(key);
    if (found !== undefined) this.#index.remove(found.entry);
    alike.delete(key);
  }
}
