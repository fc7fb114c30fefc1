import { reminderStoreSuite, stateStoreSuite } from "@troupe/conformance";
import {
  type Provider,
  type ProviderContext,
  type ProviderStores,
  silentLogger,
  systemClock,
  systemRandom,
} from "@troupe/core";
import {
  MemoryDueIndex,
  MemoryReminderStore,
  MemoryStates,
  MemoryStateStore,
} from "@troupe/memory";
import { Actor, actor, state } from "@troupe/sdk";
import { describe, expect, it } from "vitest";
import { connect } from "./connect.ts";
import { startSilo } from "./start-silo.ts";

interface Account {
  readonly account: string;
}

interface Acme extends Provider<Account> {
  /** What was opened and not closed. */
  readonly open: ReadonlySet<object>;
  openStores(location: Account, context: ProviderContext): Promise<ProviderStores>;
}

/** A provider as another package would publish it: its own scheme, and stores of its own. */
function acme(): Acme {
  const accounts = new Map<string, { states: MemoryStates; index: MemoryDueIndex }>();
  const open = new Set<object>();
  const watched = <S extends { close(): Promise<void> }>(store: S): S => {
    const close = store.close.bind(store);
    open.add(store);
    return Object.assign(store, { close: () => (open.delete(store), close()) });
  };
  return {
    name: "Acme",
    schemes: ["acme"],
    example: "acme://account",
    reach: "network",
    open,
    parse: (url) => {
      const [, account] = /^acme:\/\/(\w+)$/.exec(url) ?? [];
      return account === undefined
        ? { kind: "wrong", right: 'give your account, such as "acme://bank"' }
        : { kind: "location", location: { account } };
    },
    openStores: async ({ account }, { cluster }) => {
      const key = `${account}/${cluster}`;
      const data = accounts.get(key) ?? { states: new MemoryStates(), index: new MemoryDueIndex() };
      accounts.set(key, data);
      return {
        state: watched(new MemoryStateStore(data.states)),
        reminders: watched(new MemoryReminderStore(data.index)),
      };
    },
  };
}

const context: ProviderContext = {
  cluster: "suite",
  clock: systemClock,
  random: systemRandom,
  logger: silentLogger,
};

/** A subject of a suite that opens one of the stores through the descriptor alone. */
async function subjectOf<K extends keyof ProviderStores>(port: K) {
  const provider = acme();
  const opened: ProviderStores[] = [];
  return {
    openHandle: async () => {
      const stores = await provider.openStores({ account: "bank" }, context);
      opened.push(stores);
      return stores[port];
    },
    dispose: async () => {
      const stores = opened.flatMap((both) => [both.state, both.reminders]);
      await Promise.all(stores.map((store) => store.close()));
    },
  };
}

stateStoreSuite({ name: "handed in", open: () => subjectOf("state") });
reminderStoreSuite({ name: "handed in", open: () => subjectOf("reminders") });

@actor("Counter")
class Counter extends Actor {
  @state() accessor count = 0;

  async add(amount: number): Promise<number> {
    this.count += amount;
    return this.count;
  }
}

describe("a silo with a provider that was handed in", () => {
  const options = {
    actors: [Counter],
    membership: "memory:handed-in",
    logger: silentLogger,
  };

  it("keeps its state there, and closes what it opened", async () => {
    const provider = acme();
    const more = { ...options, providers: [provider], storage: "acme://bank" };
    const first = await startSilo(more);
    expect(await first.actor(Counter, "a").add(2)).toBe(2);
    expect(provider.open.size).toBe(2);
    await first.stop();
    expect(provider.open.size).toBe(0);
    const second = await startSilo(more);
    const cluster = await connect({ ...options, providers: [provider] });
    expect(await cluster.actor(Counter, "a").add(1)).toBe(3);
    await cluster.close();
    await second.stop();
  });

  it("says what is wrong with its URL in the provider's own words", async () => {
    const wrong = startSilo({ ...options, providers: [acme()], storage: "acme:bank" });
    await expect(wrong).rejects.toThrow(
      '[BAD_CONFIG] storage (startSilo) "acme:bank": give your account, such as "acme://bank"',
    );
    await expect(connect({ membership: "acme://bank", providers: [acme()] })).rejects.toThrow(
      "Acme holds storage, not members",
    );
  });
});
