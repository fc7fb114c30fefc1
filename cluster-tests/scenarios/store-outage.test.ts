import { describe, expect, it, vi } from "vitest";
import { systemClock } from "@troupe/core";
import type { TestService } from "@troupe/services";
import type { Cluster } from "troupe";
import { Clockwork } from "../actors/clockwork.ts";
import { Echo } from "../actors/echo.ts";
import { Ledger } from "../actors/ledger.ts";
import { Load, NO_DISCREPANCIES } from "../harness/load.ts";
import { usingClusters } from "../harness/using-clusters.ts";

vi.setConfig({ testTimeout: 60_000 });

const IDS = Array.from({ length: 8 }, (_, index) => `stored-${index}`);

describe("Redis going away", () => {
  const clusters = usingClusters("servers", { faults: true });

  it("fails calls that need it with STORE_UNAVAILABLE, keeps the silos alive, and they recover by themselves", async () => {
    const { redis } = clusters.servers();
    const cluster = clusters.create();
    const silos = await cluster.start(2);
    const client = await cluster.connect();
    await recordAll(client, 1);
    const dueAt = await client.actor(Clockwork, "sleeper").remind("2s");

    await redis.kill();
    for (const id of IDS)
      await expect(client.actor(Ledger, id).record(2)).rejects.toMatchObject({
        code: "STORE_UNAVAILABLE",
      });
    const inactive = client.actor(Ledger, "never-active");
    await expect(inactive.record(2)).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      ran: "no",
    });
    expect(await client.actor(Echo, "stateless").echo("there")).toBe("there");
    await cluster.waitFor("the reminder is overdue", () => systemClock.now() > dueAt);
    expect(cluster.silos).toEqual(silos);

    await redis.restart();
    await cluster.waitFor("calls are answered again", async () => {
      await recordAll(client, 3);
      return true;
    });
    for (const id of IDS)
      expect(
        (await client.actor(Ledger, id).read()).filter((operation) => operation === 1),
      ).toEqual([1]);
    expect(await inactive.read()).toEqual([]);
    await cluster.waitFor(
      "the reminder fires",
      async () => (await client.actor(Clockwork, "sleeper").read()).length > 0,
    );
    expect(await ids(cluster.snapshots(client))).toEqual(
      (await Promise.all(silos.map(idOf))).toSorted(),
    );
  });

  it("says so in bounded time under load, when Redis hangs and when it is killed, and nothing acknowledged is lost", async () => {
    const { redis } = clusters.servers();
    const cluster = clusters.create();
    await cluster.start(2);
    const client = await cluster.connect();
    const load = new Load(client);
    await cluster.waitFor("the load is under way", () => load.acknowledged > 100);
    for (const [begin, end] of [
      [() => redis.pause(), () => redis.resume()],
      [() => redis.kill(), () => redis.restart()],
    ] as const) {
      const [failed, acknowledged] = [load.failures.length, load.acknowledged];
      await begin();
      await cluster.waitFor("calls fail", () => load.failures.length > failed);
      await end();
      await cluster.waitFor(
        "calls are answered again",
        () => load.acknowledged > acknowledged + 100,
      );
    }
    await load.stop();
    expect(await load.check(cluster.journal())).toEqual(NO_DISCREPANCIES);
    expect(new Set(load.failures.map(({ code }) => code))).toEqual(new Set(["STORE_UNAVAILABLE"]));
  });
});

describe("etcd going away", () => {
  const clusters = usingClusters("servers", { faults: true });

  it("fails no call when it is back before the leases end, and the silos stay who they were", async () => {
    const { etcd } = clusters.servers();
    const cluster = clusters.create({ leaseTtl: "10s" });
    const silos = await cluster.start(2);
    const client = await cluster.connect();
    const load = new Load(client);
    await cluster.waitFor("the load is under way", () => load.acknowledged > 100);
    await etcd.kill();
    const before = load.acknowledged;
    await cluster.waitFor("calls go on without it", () => load.acknowledged > before + 100);
    await etcd.restart();
    const third = await cluster.startSilo();
    await cluster.waitFor("the others see a new silo, and it serves", async () => {
      const snapshots = await cluster.snapshots(client);
      return snapshots.length === 3 && snapshots.every(({ activations }) => activations > 0);
    });
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(await load.check(cluster.journal())).toEqual(NO_DISCREPANCIES);
    expect(await ids(cluster.snapshots(client))).toEqual(
      (await Promise.all([...silos, third].map(idOf))).toSorted(),
    );
  });

  it("suspends the silos when it is away for longer than their leases, and they go on when it is back", async () => {
    const { etcd } = clusters.servers();
    const cluster = clusters.create({ leaseTtl: "2s" });
    const silos = await cluster.start(2);
    const client = await cluster.connect();
    await recordAll(client, 1);
    await etcd.kill();
    await cluster.waitFor("no silo serves", async () =>
      (await cluster.snapshots(client)).every(({ serving }) => !serving),
    );
    // The silo keeps the call, in case its lease has lived on; so its caller cannot know. That it
    // did not run is looked up below.
    const held = client.actor(Ledger, IDS[0] ?? "", { timeout: "1s" }).record(2);
    await expect(held).rejects.toMatchObject({ code: "TIMEOUT", ran: "maybe" });
    expect(cluster.silos).toEqual(silos);
    await etcd.restart();
    await cluster.waitFor("calls are answered again", async () => {
      await recordAll(client, 3);
      return true;
    });
    const stored = await Promise.all(IDS.map((id) => client.actor(Ledger, id).read()));
    for (const operations of stored)
      expect(operations.filter((operation) => operation < 3)).toEqual([1]);
    await cluster.startSilo();
    await cluster.waitFor(
      "the others see a new silo",
      async () => (await cluster.snapshots(client)).length === 3,
    );
  });
});

/** How etcd can be away for longer than the leases, and come back. */
const LONG_OUTAGES: readonly (readonly [
  string,
  (etcd: TestService) => Promise<void>,
  (etcd: TestService) => Promise<void>,
])[] = [
  ["hangs", (etcd) => etcd.pause(), (etcd) => etcd.resume()],
  ["comes back without its data", (etcd) => etcd.kill(), (etcd) => etcd.restart({ wipe: true })],
];

describe.each(LONG_OUTAGES)("etcd that %s", (_, begin, end) => {
  const clusters = usingClusters("servers", { faults: true });

  it("is waited for by the calls, and nothing acknowledged is lost", async () => {
    const { etcd } = clusters.servers();
    const cluster = clusters.create({ leaseTtl: "2s" });
    await cluster.start(2);
    const client = await cluster.connect();
    const load = new Load(client);
    await cluster.waitFor("the load is under way", () => load.acknowledged > 100);
    await begin(etcd);
    await cluster.waitFor("no silo serves", async () =>
      (await cluster.snapshots(client)).every(({ serving }) => !serving),
    );
    await end(etcd);
    const before = load.acknowledged;
    await cluster.waitFor("calls are answered again", () => load.acknowledged > before + 100);
    await load.stop();
    expect(await load.check(cluster.journal())).toEqual(NO_DISCREPANCIES);
  });
});

async function recordAll(client: Cluster, operation: number): Promise<void> {
  await Promise.all(IDS.map((id) => client.actor(Ledger, id, { timeout: "5s" }).record(operation)));
}

async function ids(
  snapshots: Promise<readonly { readonly siloId: string }[]>,
): Promise<readonly string[]> {
  return (await snapshots).map(({ siloId }) => siloId).toSorted();
}

async function idOf({
  ready,
}: {
  readonly ready: Promise<{ readonly siloId: string }>;
}): Promise<string> {
  return (await ready).siloId;
}
