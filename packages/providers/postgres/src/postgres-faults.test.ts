import {
  type ActorAddress,
  type Logger,
  silentLogger,
  type StateStore,
  systemClock,
  TroupeError,
} from "@troupe/core";
import { startPostgres, startTcpProxy, type TestService } from "@troupe/services";
import { realTime } from "@troupe/testkit";
import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openPostgresStores, type PostgresStores } from "./open-postgres-stores.ts";

const ALICE: ActorAddress = { type: "Account", id: "alice" };
const SILO = "silo-a";

let postgres: TestService;
let opened: PostgresStores[];

beforeAll(async () => {
  postgres = await startPostgres({ faults: true });
});
afterAll(() => postgres.stop());
beforeEach(() => {
  opened = [];
});
afterEach(async () => {
  for (const stores of opened) await stores.close();
});

/** Stores of a cluster of their own, by the URL of a proxy if there is one. */
async function open(port?: number, logger: Logger = silentLogger): Promise<PostgresStores> {
  const stores = await openPostgresStores({
    url: port === undefined ? postgres.url : throughPort(port),
    cluster: `test-${randomUUID()}`,
    clock: systemClock,
    logger,
  });
  opened.push(stores);
  return stores;
}

const portOf = (url: string): number => Number(new URL(url).port);

const throughPort = (port: number): string =>
  postgres.url.replace(`:${portOf(postgres.url)}/`, `:${port}/`);

async function claim(
  store: StateStore,
  address = ALICE,
): Promise<{ epoch: number; version: number; fields: Record<string, string> }> {
  const claimed = await store.claim(address, { revision: 1, siloId: SILO });
  if (claimed.kind !== "claimed") throw new Error("the claim was refused");
  const fields = [...claimed.fields].map(([name, value]) => [name, Buffer.from(value).toString()]);
  return {
    epoch: claimed.epoch,
    version: claimed.version,
    fields: Object.fromEntries(fields) as Record<string, string>,
  };
}

function commit(
  store: StateStore,
  epoch: number,
  version: number,
): Promise<{ readonly kind: string }> {
  const set = new Map([["balance", Buffer.from(String(version))]]);
  return store.commit(ALICE, { epoch, version, set, remove: [] });
}

/** The outcome of the first attempt that is not refused because the store is away. */
async function untilBack<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof TroupeError) || error.code !== "STORE_UNAVAILABLE") throw error;
      await realTime.elapse(20);
    }
  }
}

describe("PostgreSQL that goes away", () => {
  it("answers stored, with one effect, to a commit that is repeated because its answer was lost", async () => {
    const proxy = await startTcpProxy(portOf(postgres.url));
    const { stateStore } = await open(proxy.port);
    const { epoch } = await claim(stateStore);
    proxy.dropReplies();
    await expect(commit(stateStore, epoch, 1)).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      ran: "maybe",
    });
    proxy.cut();
    expect(await untilBack(() => commit(stateStore, epoch, 1))).toEqual({ kind: "stored" });
    expect(await claim(stateStore)).toMatchObject({ version: 1, fields: { balance: "1" } });
    await proxy.close();
  });

  it("never sends a statement again by itself", async () => {
    const proxy = await startTcpProxy(portOf(postgres.url));
    const { stateStore } = await open(proxy.port);
    const before = await claim(stateStore);
    proxy.dropReplies();
    await expect(claim(stateStore)).rejects.toThrow("[STORE_UNAVAILABLE]");
    proxy.cut();
    const after = await untilBack(() => claim(stateStore));
    expect(after.epoch).toBe(before.epoch + 2);
    await proxy.close();
  });

  it("does not fence a silo by a claim of its own that arrives after a later one", async () => {
    const proxy = await startTcpProxy(portOf(postgres.url));
    const { stateStore } = await open(proxy.port);
    await claim(stateStore, { type: "Account", id: "other" });
    proxy.holdRequests();
    await expect(claim(stateStore)).rejects.toThrow("[STORE_UNAVAILABLE]");
    const { epoch } = await untilBack(() => claim(stateStore));
    expect(await commit(stateStore, epoch, 1)).toEqual({ kind: "stored" });
    await proxy.releaseRequests();
    expect(await commit(stateStore, epoch, 2)).toEqual({ kind: "stored" });
    await proxy.close();
  });

  it("has no effect of a commit that arrives late, after the silo has claimed the actor again", async () => {
    const proxy = await startTcpProxy(portOf(postgres.url));
    const { stateStore } = await open(proxy.port);
    const { epoch } = await claim(stateStore);
    await commit(stateStore, epoch, 1);
    proxy.holdRequests();
    await expect(commit(stateStore, epoch, 2)).rejects.toThrow("[STORE_UNAVAILABLE]");
    const next = await untilBack(() => claim(stateStore));
    expect(next).toMatchObject({ version: 1, fields: { balance: "1" } });
    await proxy.releaseRequests();
    const set = new Map([["owner", Buffer.from("new")]]);
    expect(
      await stateStore.commit(ALICE, { epoch: next.epoch, version: 2, set, remove: [] }),
    ).toEqual({ kind: "stored" });
    expect(await claim(stateStore)).toMatchObject({ fields: { balance: "1", owner: "new" } });
    await proxy.close();
  });

  it("drops a connection that swallows everything, and takes another", async () => {
    const proxy = await startTcpProxy(portOf(postgres.url));
    const { stateStore } = await open(proxy.port);
    await claim(stateStore);
    proxy.dropReplies();
    await expect(claim(stateStore)).rejects.toThrow("[STORE_UNAVAILABLE]");
    expect((await untilBack(() => claim(stateStore))).epoch).toBeGreaterThan(1);
    await proxy.close();
  });

  it("is STORE_UNAVAILABLE while it hangs, in bounded time, and works on by itself after", async () => {
    const { stateStore, reminderStore } = await open();
    const { epoch } = await claim(stateStore);
    await postgres.pause();
    const began = systemClock.monotonic();
    const failures = await Promise.allSettled([
      commit(stateStore, epoch, 1),
      claim(stateStore),
      stateStore.read(ALICE, ""),
      stateStore.list({ limit: 10 }),
      reminderStore.due([1, 2], 0, 10),
      reminderStore.add([{ bucket: 1, address: ALICE, name: "statement", dueAt: 0, tag: "" }]),
    ]);
    expect(
      failures.map((one) => one.status === "rejected" && (one.reason as TroupeError).code),
    ).toEqual(failures.map(() => "STORE_UNAVAILABLE"));
    expect(systemClock.monotonic() - began).toBeLessThan(5_000);
    await postgres.resume();
    await untilBack(() => claim(stateStore));
    await untilBack(() => reminderStore.due([1, 2], 0, 10));
  });

  it("keeps what it acknowledged through a kill, says who is away meanwhile, and is found again after", async () => {
    const { stateStore, reminderStore } = await open();
    const { epoch } = await claim(stateStore);
    for (let version = 1; version <= 20; version++) await commit(stateStore, epoch, version);
    await reminderStore.add([{ bucket: 7, address: ALICE, name: "statement", dueAt: 1, tag: "" }]);
    await postgres.kill();
    await realTime.elapse(200);
    await expect(commit(stateStore, epoch, 21)).rejects.toThrow(
      new RegExp(
        `STORE_UNAVAILABLE.*127\\.0\\.0\\.1:${portOf(postgres.url)}/postgres does not answer.*check that it runs`,
      ),
    );
    await postgres.restart();
    expect(await untilBack(() => commit(stateStore, epoch, 21))).toEqual({ kind: "stored" });
    expect(await claim(stateStore)).toMatchObject({ version: 21, fields: { balance: "21" } });
    expect(await untilBack(() => reminderStore.due([7], 1, 10))).toHaveLength(1);
  });
});

/** What one actor's owner did, and what it was told. */
interface Ledger {
  readonly address: ActorAddress;
  acknowledged: number;
  unknown: number;
}

/** Increments its counter until it is told to stop, and goes on by a new claim after a failure. */
async function increment(store: StateStore, ledger: Ledger, goesOn: () => boolean): Promise<void> {
  while (goesOn()) {
    const claimed = await untilBack(() => claim(store, ledger.address));
    let { version } = claimed;
    let count = Number(claimed.fields.count ?? 0);
    try {
      while (goesOn()) {
        const set = new Map([["count", Buffer.from(String(++count))]]);
        const change = { epoch: claimed.epoch, version: ++version, set, remove: [] };
        const result = await store.commit(ledger.address, change);
        expect(result.kind).toBe("stored");
        ledger.acknowledged += 1;
      }
    } catch (error) {
      if (!(error instanceof TroupeError)) throw error;
      ledger.unknown += 1;
    }
  }
}

describe.each<[string, (proxy: { cut(): void }) => Promise<void>]>([
  ["whose connections are cut again and again", async (proxy) => proxy.cut()],
  [
    "that is killed and starts again",
    async () => {
      await postgres.kill();
      await postgres.restart();
    },
  ],
  [
    "that hangs for longer than it may",
    async () => {
      await postgres.pause();
      await realTime.elapse(2_500);
      await postgres.resume();
    },
  ],
])("PostgreSQL %s in the middle of commits", (_, strike) => {
  it("loses nothing that it acknowledged, and applies nothing twice", async () => {
    const proxy = await startTcpProxy(portOf(postgres.url));
    const { stateStore } = await open(proxy.port);
    const ledgers: Ledger[] = Array.from({ length: 20 }, (__, index) => ({
      address: { type: "Counter", id: String(index) },
      acknowledged: 0,
      unknown: 0,
    }));
    let goesOn = true;
    const working = Promise.all(ledgers.map((one) => increment(stateStore, one, () => goesOn)));
    for (let round = 0; round < 3; round++) {
      await realTime.elapse(300);
      await strike(proxy);
    }
    const before = ledgers.map(({ acknowledged }) => acknowledged);
    await expect
      .poll(() => ledgers.every((one, index) => one.acknowledged > (before[index] ?? 0)), {
        timeout: 20_000,
      })
      .toBe(true);
    goesOn = false;
    await working;
    for (const { address, acknowledged, unknown } of ledgers) {
      const { version, fields } = await claim(stateStore, address);
      expect(Number(fields.count)).toBe(version);
      expect(version).toBeGreaterThanOrEqual(acknowledged);
      expect(version).toBeLessThanOrEqual(acknowledged + unknown);
    }
    expect(ledgers.some(({ unknown }) => unknown > 0)).toBe(true);
    await proxy.close();
  });
});
