import {
  type ActorAddress,
  type Claim,
  type ClaimResult,
  type Commit,
  type CommitResult,
  type DueChange,
  type DueEntry,
  formatAddress,
  type ReminderStore,
  type Retirement,
  type StateStore,
} from "@troupe/core";
import type { DueTruth, StateTruth } from "./mutant-stores.ts";
import type { SimProcess } from "./sim-process.ts";
import type { SimService } from "./sim-service.ts";

/**
 * Watches what lands in the store: nothing may below the epoch of the last claim (C2), and no epoch
 * comes again for as long as the store is to remember those of a retired actor.
 */
export class WatchedStates implements StateTruth {
  readonly #truth: StateTruth;
  readonly #onViolation: (text: string) => void;
  readonly #epochs = new Map<string, number>();
  readonly #versions = new Map<string, number>();
  /** When the epochs of retired actors may be forgotten. */
  readonly #retiredUntil = new Map<string, number>();
  readonly #now: () => number;

  /** `now` tells milliseconds. */
  constructor(truth: StateTruth, now: () => number, onViolation: (text: string) => void) {
    this.#truth = truth;
    this.#now = now;
    this.#onViolation = onViolation;
  }

  claim(address: ActorAddress, claim: Claim): ClaimResult {
    const result = this.#truth.claim(address, claim);
    const key = formatAddress(address);
    if (result.kind === "claimed") {
      const isForgotten = (this.#retiredUntil.get(key) ?? Infinity) <= this.#now();
      const before = isForgotten ? 0 : (this.#epochs.get(key) ?? 0);
      this.#retiredUntil.delete(key);
      if (result.epoch <= before)
        this.#onViolation(`${key}: a claim got epoch ${result.epoch} after ${before}`);
      this.#epochs.set(key, result.epoch);
    }
    return result;
  }

  commit(address: ActorAddress, commit: Commit): CommitResult {
    const key = formatAddress(address);
    const result = this.#truth.commit(address, commit);
    const epoch = this.#epochs.get(key) ?? 0;
    if (result.kind === "stored" && commit.epoch < epoch) {
      this.#onViolation(
        `${key}: a commit of epoch ${commit.epoch} was stored under epoch ${epoch}`,
      );
    }
    if (result.kind === "stored")
      this.#versions.set(key, Math.max(commit.version, this.#versions.get(key) ?? 0));
    return result;
  }

  read(...given: Parameters<StateTruth["read"]>): ReturnType<StateTruth["read"]> {
    return this.#truth.read(...given);
  }

  retire(address: ActorAddress, retirement: Retirement): CommitResult {
    const key = formatAddress(address);
    const result = this.#truth.retire(address, retirement);
    const epoch = this.#epochs.get(key) ?? 0;
    if (result.kind === "stored" && retirement.epoch < epoch)
      this.#onViolation(`${key}: epoch ${retirement.epoch} retired it under epoch ${epoch}`);
    if (result.kind === "stored") this.#retiredUntil.set(key, this.#now() + retirement.keepMs);
    return result;
  }

  identify(...given: Parameters<StateTruth["identify"]>): string {
    return this.#truth.identify(...given);
  }

  list(...given: Parameters<StateTruth["list"]>): ReturnType<StateTruth["list"]> {
    return this.#truth.list(...given);
  }
}

/** The states, and the index if it lies apart from them. */
export interface SimStates {
  readonly states: StateTruth;
  readonly due: ReminderStore | undefined;
}

/**
 * The way of one process to the states. If the index lies apart, a commit takes three steps, each
 * with a fate of its own: entries are added, fields are written, entries are removed.
 */
export function simStateStore(
  process: SimProcess,
  service: SimService,
  { states: truth, due: index }: SimStates,
): StateStore {
  const inSteps = async (
    due: DueChange,
    write: () => Promise<CommitResult>,
  ): Promise<CommitResult> => {
    if (due.add.length > 0) await index?.add(due.add);
    const result = await write();
    // Nobody waits for it: an entry too many is harmless.
    if (result.kind === "stored" && due.remove.length > 0)
      index?.remove(due.remove).catch(() => undefined);
    return result;
  };
  return {
    claim: (address, claim) =>
      service.call(process, `claim ${formatAddress(address)} r${claim.revision}`, () =>
        truth.claim(address, claim),
      ),
    commit: (address, commit) => {
      const copy: Commit = { ...commit, set: new Map(commit.set), remove: [...commit.remove] };
      const what = `commit ${formatAddress(address)} epoch ${commit.epoch} version ${commit.version}`;
      const { due, ...fields } = copy;
      if (due === undefined) return service.call(process, what, () => truth.commit(address, copy));
      if (index !== undefined)
        return inSteps(due, () => service.call(process, what, () => truth.commit(address, fields)));
      const both = `${what}${describeChange(due)}`;
      return service.call(process, both, () => truth.commit(address, copy));
    },
    read: (address, prefix) =>
      service.call(process, `read ${formatAddress(address)} ${prefix}`, () =>
        truth.read(address, prefix),
      ),
    retire: (address, retirement) => {
      const what = `retire ${formatAddress(address)} epoch ${retirement.epoch}`;
      const { due, ...rest } = retirement;
      if (due === undefined || index === undefined)
        return service.call(process, what, () => truth.retire(address, retirement));
      return inSteps(due, () => service.call(process, what, () => truth.retire(address, rest)));
    },
    identify: (membership, mode) =>
      service.call(process, `identify ${mode}`, () => truth.identify(membership, mode)),
    list: (query) => service.call(process, "list", () => truth.list(query)),
    close: () => Promise.resolve(),
  };
}

/** The way of one process to the index of due times. */
export function simReminderStore(
  process: SimProcess,
  service: SimService,
  index: DueTruth,
): ReminderStore {
  return {
    add: (entries) =>
      service.call(process, `add ${entries.map(describeEntry).join()}`, () => {
        for (const entry of entries) index.add(entry);
      }),
    remove: (entries) =>
      service.call(process, `remove ${entries.map(describeEntry).join()}`, () => {
        for (const entry of entries) index.remove(entry);
      }),
    due: (buckets, until, limit, after) =>
      service.call(process, "due", () => index.due(buckets, until, limit, after)),
    close: () => Promise.resolve(),
  };
}

function describeChange({ add, remove }: DueChange): string {
  return ` adds ${add.map(describeEntry).join()} removes ${remove.map(describeEntry).join()}`;
}

function describeEntry({ address, name, dueAt, tag }: DueEntry): string {
  return `${formatAddress(address)} ${name} ${dueAt} ${tag}`;
}
