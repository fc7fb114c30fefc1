import { describe, expect, it, vi } from "vitest";
import { Clockwork } from "../actors/clockwork.ts";
import { FLAVOURS } from "../harness/backends.ts";
import type { ProcessCluster } from "../harness/process-cluster.ts";
import { usingClusters } from "../harness/using-clusters.ts";

vi.setConfig({ testTimeout: 60_000 });

describe.each(FLAVOURS)("schedules (%s)", (flavour) => {
  const clusters = usingClusters(flavour);

  it("fires a reminder that was set before all silos died, once they are back, and not before its time", async () => {
    const cluster = clusters.create({ leaseTtl: "2s" });
    const silos = await cluster.start(2);
    const client = await cluster.connect();
    const ids = ["a", "b", "c"];
    const dueAt = await Promise.all(ids.map((id) => client.actor(Clockwork, id).remind("4s")));
    await cluster.kill(...silos);
    expect(cluster.journal()).toEqual([]);
    await cluster.start(2);
    // Nobody calls the actors: the reminder is what wakes them.
    await cluster.waitFor("each reminder has fired", () =>
      ids.every((id) => ticksOf(cluster, "wake", id) > 0),
    );
    const ticks = await Promise.all(ids.map((id) => client.actor(Clockwork, id).read()));
    expect(ticks.map((woken) => woken.map((tick) => tick.dueAt))).toEqual(
      dueAt.map((due) => [due]),
    );
    for (const tick of ticks.flat()) expect(tick.firedAt).toBeGreaterThanOrEqual(tick.dueAt);
  });

  it("ticks a timer only while its actor is active, and again when it is back, also on another silo", async () => {
    const cluster = clusters.create({ leaseTtl: "2s" });
    const [first] = await cluster.start(1);
    const client = await cluster.connect();
    const [awake, asleep] = [client.actor(Clockwork, "awake"), client.actor(Clockwork, "asleep")];
    await Promise.all([awake.tickEvery("100ms"), asleep.tickEvery("100ms")]);
    await cluster.waitFor("both tick", () =>
      ["awake", "asleep"].every((id) => ticksOf(cluster, "tick", id) > 1),
    );

    await asleep.rest();
    await cluster.waitFor(
      "one is not active",
      async () => (await cluster.snapshots(client))[0]?.activations === 1,
    );
    const [before, awakeBefore] = [
      ticksOf(cluster, "tick", "asleep"),
      ticksOf(cluster, "tick", "awake"),
    ];
    await cluster.waitFor(
      "the other has ticked on",
      () => ticksOf(cluster, "tick", "awake") > awakeBefore + 5,
    );
    expect(ticksOf(cluster, "tick", "asleep")).toBe(before);

    await asleep.read();
    await cluster.waitFor("it ticks again", () => ticksOf(cluster, "tick", "asleep") > before + 1);

    if (first !== undefined) await cluster.kill(first);
    const second = await cluster.startSilo();
    await awake.read();
    await cluster.waitFor("it ticks on the new silo", () =>
      cluster
        .journal()
        .some(([pid, what, id]) => pid === String(second.pid) && what === "tick" && id === "awake"),
    );
  });
});

function ticksOf(cluster: ProcessCluster, what: string, id: string): number {
  return cluster.journal().filter((line) => line[1] === what && line[2] === id).length;
}
