import { type Clock, type Commit, formatAddress } from "@troupe/core";
import { MemoryDueIndex, MemoryStates } from "@troupe/memory";
import type { Mutation } from "./mutation.ts";

/** What the stores do at the moment an effect lands. */
export type StateTruth = Pick<MemoryStates, "claim" | "commit" | "read" | "retire" | "list">;

export type DueTruth = Pick<MemoryDueIndex, "add" | "remove" | "due">;

/** The stored data of a run. */
export interface StoreTruth {
  readonly states: StateTruth;
  readonly due: DueTruth;
}

/** Of the commits that are acknowledged one of so many is lost. */
const COMMITS_LOST_ONE_OF = 8;

/**
 * Of the entries that are added one of so many is lost: it is missed only if its actor moves before
 * its time.
 */
const ENTRIES_LOST_ONE_OF = 3;

const STATES: Partial<Record<Mutation, (states: MemoryStates) => StateTruth>> = {
  fence: unfenced,
  acknowledge: (states) =>
    forgetful(states, (commit, count) =>
      count % COMMITS_LOST_ONE_OF === 0
        ? { epoch: commit.epoch, version: commit.version, set: new Map(), remove: [] }
        : commit,
    ),
  delete: (states) => forgetful(states, (commit) => ({ ...commit, remove: [] })),
  timers: (states) => forgetful(states, (commit) => without(commit, "t:")),
  "kept-results": (states) => forgetful(states, (commit) => without(commit, "i:")),
  letters: (states) => forgetful(states, (commit) => without(commit, "o:")),
  "letter-numbers": (states) => forgetful(states, (commit) => without(commit, "d:")),
};

/** The stores of a run. */
export function mutateStores(
  mutation: Mutation | undefined,
  clock: Pick<Clock, "now">,
): StoreTruth {
  const due = mutation === "due-entries" ? forgetfulIndex() : new MemoryDueIndex();
  const states = new MemoryStates({ clock, due });
  const mutant = mutation === undefined ? undefined : STATES[mutation];
  return { due, states: mutant === undefined ? states : mutant(states) };
}

function without(commit: Commit, prefix: string): Commit {
  return {
    ...commit,
    set: new Map([...commit.set].filter(([field]) => !field.startsWith(prefix))),
  };
}

/** What the states do by themselves, to be changed in parts. */
function methodsOf(states: MemoryStates): StateTruth {
  return {
    claim: (address, claim) => states.claim(address, claim),
    commit: (address, commit) => states.commit(address, commit),
    read: (address, prefix) => states.read(address, prefix),
    retire: (address, retirement) => states.retire(address, retirement),
    list: (query) => states.list(query),
  };
}

/** States that write whatever they are told, whoever owns the actor by now. */
function unfenced(states: MemoryStates): StateTruth {
  const claims = new Map<string, { epoch: number; version: number }>();
  return {
    ...methodsOf(states),
    claim(address, claim) {
      const result = states.claim(address, claim);
      if (result.kind === "claimed")
        claims.set(formatAddress(address), { epoch: result.epoch, version: result.version });
      return result;
    },
    commit(address, commit) {
      const current = claims.get(formatAddress(address)) ?? { epoch: 0, version: 0 };
      current.version++;
      return states.commit(address, { ...commit, ...current });
    },
  };
}

/**
 * States that store less than they say. Who commits does not notice: each commit counts, whatever
 * is left of it. `keep` says what is left of a commit, of which it is told the number.
 */
function forgetful(
  states: MemoryStates,
  keep: (commit: Commit, count: number) => Commit,
): StateTruth {
  let commits = 0;
  return {
    ...methodsOf(states),
    commit: (address, commit) => states.commit(address, keep(commit, ++commits)),
  };
}

function forgetfulIndex(): DueTruth {
  const index = new MemoryDueIndex();
  let added = 0;
  return {
    add(entry) {
      if (++added % ENTRIES_LOST_ONE_OF !== 0) index.add(entry);
    },
    remove: (entry) => index.remove(entry),
    due: (buckets, until, limit, after) => index.due(buckets, until, limit, after),
  };
}
