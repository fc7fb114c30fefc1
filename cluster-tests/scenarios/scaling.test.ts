import { describe, expect, it, vi } from "vitest";
import { FLAVOURS } from "../harness/backends.ts";
import { Load, NO_DISCREPANCIES } from "../harness/load.ts";
import { usingClusters } from "../harness/using-clusters.ts";

vi.setConfig({ testTimeout: 60_000 });

describe.each(FLAVOURS)("scaling (%s)", (flavour) => {
  const clusters = usingClusters(flavour);

  it("goes from one silo to three under load, and no call fails", async () => {
    const cluster = clusters.create();
    await cluster.start(1);
    const client = await cluster.connect();
    const load = new Load(client);
    await cluster.waitFor("the load is under way", () => load.acknowledged > 100);
    await cluster.startSilo();
    await cluster.startSilo();
    const before = load.acknowledged;
    await cluster.waitFor("calls are answered by all three", async () => {
      const busy = (await cluster.snapshots(client)).filter(({ activations }) => activations > 0);
      return busy.length === 3 && load.acknowledged > before + 200;
    });
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(await load.check(cluster.journal())).toEqual(NO_DISCREPANCIES);
  });

  it("replaces three silos one after the other under load, each drained by SIGTERM, and no call fails", async () => {
    const cluster = clusters.create();
    const old = await cluster.start(3);
    const client = await cluster.connect();
    const load = new Load(client);
    await cluster.waitFor("the load is under way", () => load.acknowledged > 100);
    for (const silo of old) {
      expect(await cluster.stop(silo)).toEqual({ code: 0, signal: null });
      await cluster.startSilo();
    }
    const before = load.acknowledged;
    await cluster.waitFor(
      "calls are answered by the new silos",
      () => load.acknowledged > before + 100,
    );
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(await load.check(cluster.journal())).toEqual(NO_DISCREPANCIES);
  });
});
