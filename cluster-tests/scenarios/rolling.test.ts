import { fileURLToPath } from "node:url";
import { describe, expect, it, vi } from "vitest";
import { FLAVOURS } from "../harness/backends.ts";
import { BankLoad } from "../harness/bank-load.ts";
import { Load, NO_DISCREPANCIES } from "../harness/load.ts";
import type { ProcessCluster } from "../harness/process-cluster.ts";
import { usingClusters } from "../harness/using-clusters.ts";

vi.setConfig({ testTimeout: 120_000 });

const LEDGERS = pathOf("../actors/index.ts");
const NEXT_LEDGERS = pathOf("../actors/next-ledger.ts");
const ACCOUNTS = pathOf("../../examples/bank/src/account.ts");
const NEXT_ACCOUNTS = pathOf("../../examples/bank/src/next-account.ts");

describe.each(FLAVOURS)("a rolling deployment (%s)", (flavour) => {
  const clusters = usingClusters(flavour);

  it("fails no call when silos are replaced one by one, to the next release and back", async () => {
    const cluster = clusters.create();
    await cluster.start(3);
    const client = await cluster.connect();
    const load = new Load(client);
    await cluster.waitFor("the load is under way", () => load.acknowledged > 100);
    for (const module of [NEXT_LEDGERS, LEDGERS]) {
      for (const silo of cluster.silos) {
        expect(await cluster.stop(silo)).toEqual({ code: 0, signal: null });
        await cluster.startSilo([], module);
      }
      await answersFrom(cluster, load);
    }
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(await load.check(cluster.journal())).toEqual(NO_DISCREPANCIES);
  });

  it("moves each actor once when the new silos are started first", async () => {
    const cluster = clusters.create();
    await cluster.start(3);
    const client = await cluster.connect();
    const load = new Load(client);
    await cluster.waitFor("all ledgers are active", () => lives(cluster).size === 24);
    for (const module of [NEXT_LEDGERS, LEDGERS]) {
      const before = lives(cluster);
      const old = cluster.silos;
      await Promise.all(old.map(() => cluster.startSilo([], module)));
      for (const silo of old) expect(await cluster.stop(silo)).toEqual({ code: 0, signal: null });
      await answersFrom(cluster, load);
      const moves = [...lives(cluster)].map(([id, count]) => count - (before.get(id) ?? 0));
      expect(Math.max(...moves)).toBe(1);
    }
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(await load.check(cluster.journal())).toEqual(NO_DISCREPANCIES);
  });

  it("loses no money of the bank, to the next release and back", async () => {
    const cluster = clusters.create();
    await Promise.all([1, 2, 3].map(() => cluster.startSilo([], ACCOUNTS)));
    const bank = new BankLoad(await cluster.connect());
    await bank.open();
    const tellers = bank.work();
    for (const module of [NEXT_ACCOUNTS, ACCOUNTS]) {
      for (const silo of cluster.silos) {
        await cluster.stop(silo);
        await cluster.startSilo([], module);
      }
    }
    await cluster.waitFor("the bank has worked", () => bank.transfers > 1_000);
    bank.close();
    await tellers;
    expect(bank.failures).toEqual([]);
    await cluster.waitFor("all money has arrived", () => bank.isWhole());
  });
});

/** Until calls are answered by silos of now. */
async function answersFrom(cluster: ProcessCluster, load: Load): Promise<void> {
  const before = load.acknowledged;
  await cluster.waitFor("calls go on", () => load.acknowledged > before + 100);
}

/** How many activations each ledger has had: each has an epoch of its own. */
function lives(cluster: ProcessCluster): Map<string, number> {
  const epochs = new Map<string, Set<string>>();
  for (const [, what, id = "", , fence = ""] of cluster.journal()) {
    if (what !== "record") continue;
    const known = epochs.get(id) ?? new Set();
    epochs.set(id, known.add(fence));
  }
  return new Map(Array.from(epochs, ([id, known]) => [id, known.size]));
}

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}
