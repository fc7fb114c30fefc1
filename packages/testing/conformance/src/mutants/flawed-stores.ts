import {
  type ActorAddress,
  type Commit,
  type CommitResult,
  type DueEntry,
  formatAddress,
  sleep,
  type ListPage,
  type ListQuery,
  type StateStore,
  type StoredFields,
  systemClock,
} from "@troupe/core";
import type { Stores } from "../stores-suite.ts";

/** What an operation of both stores gets wrong, over stores that get it right. */
type Flaw = (stores: Stores) => Stores;

function withState(change: (state: StateStore) => Partial<StateStore>): Flaw {
  return ({ state, reminders }) => ({
    reminders,
    state: { ...methodsOf(state), ...change(state) },
  });
}

function methodsOf(state: StateStore): StateStore {
  return {
    claim: (address, claim) => state.claim(address, claim),
    commit: (address, commit) => state.commit(address, commit),
    read: (address, prefix) => state.read(address, prefix),
    retire: (address, retirement) => state.retire(address, retirement),
    list: (query) => state.list(query),
    identify: (membership, mode) => state.identify(membership, mode),
    close: () => state.close(),
  };
}

function withCommit(
  change: (
    state: StateStore,
    address: ActorAddress,
    commit: Commit,
    stores: Stores,
  ) => Promise<CommitResult>,
): Flaw {
  return (stores) =>
    withState((state) => ({
      commit: (address, commit) => change(state, address, commit, stores),
    }))(stores);
}

function withDue(
  change: (
    add: readonly DueEntry[],
    remove: readonly DueEntry[],
  ) => {
    readonly add: readonly DueEntry[];
    readonly remove: readonly DueEntry[];
  },
): Flaw {
  return withCommit((state, address, commit) => {
    const { add, remove } = commit.due ?? { add: [], remove: [] };
    return state.commit(address, { ...commit, due: change(add, remove) });
  });
}

function withRanges(
  change: (range: { from: string; to: string }) => {
    readonly from: string;
    readonly to: string;
  },
): Flaw {
  return withCommit((state, address, commit) => {
    const removeRanges = (commit.removeRanges ?? []).map(change);
    return state.commit(address, { ...commit, removeRanges });
  });
}

function withRead(
  change: (
    stored: StoredFields | undefined,
    prefix: string,
    all: StoredFields | undefined,
  ) => StoredFields | undefined,
): Flaw {
  return withState((state) => ({
    read: async (address, prefix) =>
      change(await state.read(address, prefix), prefix, await state.read(address, "")),
  }));
}

/** Does not know an actor from a while after its retirement on, whoever has claimed it since. */
function forgettingTheClaimed(state: StateStore): Partial<StateStore> {
  const gone = new Map<string, number>();
  const isGone = (address: ActorAddress): boolean =>
    (gone.get(formatAddress(address)) ?? Number.POSITIVE_INFINITY) <= systemClock.monotonic();
  return {
    async retire(address, retirement) {
      const result = await state.retire(address, retirement);
      if (result.kind === "stored")
        gone.set(formatAddress(address), systemClock.monotonic() + retirement.keepMs);
      return result;
    },
    read: async (address, prefix) =>
      isGone(address) ? undefined : await state.read(address, prefix),
    async claim(address, claim) {
      const result = await state.claim(address, claim);
      return isGone(address) && result.kind === "claimed"
        ? { ...result, fields: new Map() }
        : result;
    },
  };
}

/** Lets who retired an actor go on under its claim. */
function revivable(state: StateStore): Partial<StateStore> {
  return {
    async retire(address, { epoch, version, due }) {
      const names = [...((await state.read(address, ""))?.fields.keys() ?? [])];
      const change = { epoch, version, set: new Map<string, Uint8Array>(), remove: names };
      return state.commit(address, due === undefined ? change : { ...change, due });
    },
  };
}

async function everyone(state: StateStore, query: ListQuery): Promise<ListPage["addresses"]> {
  const { after: _, ...rest } = query;
  const all: ActorAddress[] = [];
  for (let next: string | undefined = ""; next !== undefined;) {
    const page: ListPage = await state.list({ ...rest, ...(next === "" ? {} : { after: next }) });
    all.push(...page.addresses);
    next = page.next;
  }
  return all;
}

/** Pages of all that are there now, from a place that is a number. */
function countingPages(state: StateStore): Partial<StateStore> {
  return {
    async list(query) {
      const all = await everyone(state, query);
      const from = Number(query.after ?? "0");
      const end = from + query.limit;
      return {
        addresses: all.slice(from, end),
        next: end < all.length ? String(end) : undefined,
      };
    },
  };
}

/** Each would lose what was acknowledged, or show what is not, if nobody noticed. */
export const STORES_FLAWS: Readonly<Record<string, Flaw>> = {
  "leaves out the entries that a commit adds": withDue((_, remove) => ({ add: [], remove })),
  "leaves out the entries that a commit removes": withDue((add) => ({ add, remove: [] })),
  "leaves out the second entry of a commit": withDue((add, remove) => ({
    add: add.slice(0, 1),
    remove,
  })),
  "writes the entries of a commit some time after its fields": withCommit(
    async (state, address, { due, ...commit }, { reminders }) => {
      const result = await state.commit(address, commit);
      if (due !== undefined && result.kind === "stored")
        setImmediate(() => void reminders.add(due.add).then(() => reminders.remove(due.remove)));
      return result;
    },
  ),
  "removes the entries of a commit that it fences": withCommit(
    async (state, address, commit, { reminders }) => {
      const result = await state.commit(address, commit);
      if (result.kind === "fenced") await reminders.remove(commit.due?.remove ?? []);
      return result;
    },
  ),
  "takes out every entry of a name and time when a commit removes one": withCommit(
    async (state, address, commit, { reminders }) => {
      const removed = commit.due?.remove ?? [];
      const buckets = removed.map(({ bucket }) => bucket);
      const there = await reminders.due(buckets, Number.MAX_SAFE_INTEGER, 1_000);
      const remove = there.filter((one) =>
        removed.some((other) => other.name === one.name && other.tag !== one.tag),
      );
      await reminders.remove(remove);
      return state.commit(address, commit);
    },
  ),
  "takes a late removal for one of what is there now": ({ state, reminders }) => ({
    state,
    reminders: {
      add: (entries) => reminders.add(entries),
      due: (buckets, until, limit, after) => reminders.due(buckets, until, limit, after),
      close: () => reminders.close(),
      async remove(entries) {
        for (const entry of entries) {
          const there = await reminders.due([entry.bucket], entry.dueAt, 1_000);
          await reminders.remove(there.filter(({ name }) => name === entry.name));
        }
      },
    },
  }),
  "makes the change of the index again when a commit is repeated": withCommit(
    async (state, address, commit, { reminders }) => {
      const result = await state.commit(address, commit);
      if (result.kind === "stored" && commit.due !== undefined) {
        await reminders.add(commit.due.add);
        await reminders.remove(commit.due.remove.length === 0 ? [] : commit.due.add);
      }
      return result;
    },
  ),

  "claims what it reads": withState((state) => ({
    async read(address, prefix) {
      await state.claim(address, { revision: 1, siloId: "silo" });
      return state.read(address, prefix);
    },
  })),
  "reads what it has read before": withState((state) => {
    const read = new Map<string, Promise<StoredFields | undefined>>();
    return {
      read(address, prefix) {
        const key = JSON.stringify([address.type, address.id, prefix]);
        const found = read.get(key) ?? state.read(address, prefix);
        read.set(key, found);
        return found;
      },
    };
  }),
  "reads every field": withRead((_, __, all) => all),
  "reads fields that have the prefix somewhere": withRead((stored, prefix, all) =>
    stored === undefined || all === undefined
      ? undefined
      : { ...stored, fields: new Map([...all.fields].filter(([name]) => name.includes(prefix))) },
  ),
  "takes an actor without such a field for one that was never stored": withRead((stored) =>
    stored?.fields.size === 0 ? undefined : stored,
  ),
  "takes an actor that was never stored for one without a field": withRead(
    (stored) => stored ?? { epoch: 0, version: 0, fields: new Map() },
  ),
  "reads each field by itself": withState((state) => ({
    async read(address, prefix) {
      const first = await state.read(address, prefix);
      if (first === undefined) return undefined;
      const fields = new Map<string, Uint8Array>();
      for (const name of first.fields.keys()) {
        // Time for a commit to come in between.
        await new Promise((resolve) => void setImmediate(resolve));
        const found = (await state.read(address, name))?.fields.get(name);
        if (found !== undefined) fields.set(name, found);
      }
      return { ...first, fields };
    },
  })),

  "leaves out ranges": withRanges(({ from }) => ({ from, to: from })),
  "removes the end of a range, too": withRanges(({ from, to }) => ({ from, to: `${to}\0` })),
  "leaves out the start of a range": withRanges(({ from, to }) => ({ from: `${from}\0`, to })),
  "takes the first range alone": withCommit((state, address, commit) =>
    state.commit(address, { ...commit, removeRanges: commit.removeRanges?.slice(0, 1) ?? [] }),
  ),
  "removes what the same commit sets, if it is in a range": withCommit((state, address, commit) => {
    const { removeRanges = [] } = commit;
    const set = new Map(
      [...commit.set].filter(
        ([name]) => !removeRanges.some(({ from, to }) => name >= from && name < to),
      ),
    );
    return state.commit(address, { ...commit, set });
  }),

  "retires under any epoch": withState((state) => ({
    async retire(address, retirement) {
      const { epoch = 0 } = (await state.read(address, "")) ?? {};
      return state.retire(address, { ...retirement, epoch });
    },
  })),
  "retires at any version": withState((state) => ({
    async retire(address, retirement) {
      const { version = 0 } = (await state.read(address, "")) ?? {};
      return state.retire(address, { ...retirement, version: version + 1 });
    },
  })),
  "takes a retirement for done if the version is stored": withState((state) => ({
    async retire(address, retirement) {
      const stored = await state.read(address, "");
      if (stored?.epoch === retirement.epoch && stored.version === retirement.version)
        return { kind: "stored" };
      return state.retire(address, retirement);
    },
  })),
  "refuses a repeated retirement": withState((state) => ({
    async retire(address, retirement) {
      const stored = await state.read(address, "");
      if (stored?.version === retirement.version) return { kind: "fenced", epoch: stored.epoch };
      return state.retire(address, retirement);
    },
  })),
  "removes fields and lets the owner go on": withState(revivable),
  "forgets the epoch with the fields": withState((state) => ({
    async retire(address, retirement) {
      const result = await state.retire(address, { ...retirement, keepMs: 0 });
      await sleep(systemClock, 5);
      return result;
    },
  })),
  "never forgets who retired": withState((state) => ({
    retire: (address, retirement) => state.retire(address, { ...retirement, keepMs: 1e9 }),
  })),
  "forgets who was claimed again": withState(forgettingTheClaimed),
  "leaves the index alone when an actor retires": withState((state) => ({
    retire: (address, { epoch, version, keepMs }) =>
      state.retire(address, { epoch, version, keepMs }),
  })),

  "lists one page": withState((state) => ({
    list: async (query) => ({ ...(await state.list(query)), next: undefined }),
  })),
  "leaves out an actor at the end of each page": withState((state) => ({
    async list(query) {
      const page = await state.list(query);
      return page.next === undefined ? page : { ...page, addresses: page.addresses.slice(0, -1) };
    },
  })),
  "counts to the start of a page": withState(countingPages),
  "gives everyone at once": withState((state) => ({
    list: async (query) => ({ addresses: await everyone(state, query), next: undefined }),
  })),
  "lists every type": withState((state) => ({
    list: ({ prefix = "", after = "", limit }) =>
      state.list({ prefix, limit, ...(after === "" ? {} : { after }) }),
  })),
  "takes a type for the beginning of one": withState((state) => ({
    async list({ type, ...query }) {
      const page = await state.list(query);
      if (type === undefined) return page;
      return { ...page, addresses: page.addresses.filter((one) => one.type.startsWith(type)) };
    },
  })),
  "lists every id": withState((state) => ({
    list: (query) => state.list({ ...query, prefix: "" }),
  })),
  "lists ids that have the prefix somewhere, in any case": withState((state) => ({
    async list({ prefix = "", ...query }) {
      const page = await state.list(query);
      const addresses = page.addresses.filter(({ id }) =>
        id.toLowerCase().includes(prefix.toLowerCase()),
      );
      return { ...page, addresses };
    },
  })),
  "lists who has been claimed": withState((state) => {
    const claimed = new Map<string, ActorAddress>();
    return {
      claim(address, claim) {
        claimed.set(formatAddress(address), address);
        return state.claim(address, claim);
      },
      async list(query) {
        const page = await state.list(query);
        if (page.next !== undefined) return page;
        const added = [...claimed.values()].filter(
          ({ type, id }) => (query.type ?? type) === type && id.startsWith(query.prefix ?? ""),
        );
        return { ...page, addresses: [...page.addresses, ...added] };
      },
    };
  }),
};
