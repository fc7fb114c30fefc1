import { describe, expect, it, vi } from "vitest";
import { Ledger } from "../actors/ledger.ts";
import { FLAVOURS } from "../harness/backends.ts";
import { Load, NO_DISCREPANCIES } from "../harness/load.ts";
import { usingClusters } from "../harness/using-clusters.ts";

vi.setConfig({ testTimeout: 60_000 });

describe.each(FLAVOURS)("a crash (%s)", (flavour) => {
  const clusters = usingClusters(flavour);

  it("moves the actors of a killed silo with their state, and loses nothing that was acknowledged", async () => {
    const cluster = clusters.create();
    const [victim, ...others] = await cluster.start(3);
    const client = await cluster.connect();
    const load = new Load(client);
    await cluster.waitFor("the load is under way", () => load.acknowledged > 200);
    if (victim !== undefined) await cluster.kill(victim);
    const before = load.acknowledged;
    await cluster.waitFor("calls are answered again", () => load.acknowledged > before + 200);
    await load.stop();

    const ids = Array.from({ length: 24 }, (_, index) => `ledger-${index}`);
    const owners = await Promise.all(ids.map((id) => client.actor(Ledger, id).where()));
    expect(new Set(owners)).toEqual(new Set(others.map(({ pid }) => pid)));
    expect(await load.check(cluster.journal())).toEqual(NO_DISCREPANCIES);
    // Those that the victim had when it died, or that a relay elsewhere had it do; the rest waited
    // for the new owner.
    expect(load.failures.filter(({ ran }) => ran === "no")).toEqual([]);
    expect(load.failures.length).toBeLessThan(before);
  });

  it("keeps everything through the death of all silos at once", async () => {
    const cluster = clusters.create({ leaseTtl: "2s" });
    const silos = await cluster.start(2);
    const client = await cluster.connect();
    const load = new Load(client);
    await cluster.waitFor("the load is under way", () => load.acknowledged > 100);
    await cluster.kill(...silos);
    const before = load.acknowledged;
    await cluster.start(2);
    await cluster.waitFor("calls are answered again", () => load.acknowledged > before + 100);
    await load.stop();
    expect(await load.check(cluster.journal())).toEqual(NO_DISCREPANCIES);
  });
});
