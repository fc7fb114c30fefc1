import { fileURLToPath } from "node:url";
import { connect, silentLogger } from "troupe";
import { describe, expect, it, vi } from "vitest";
import { Ledger } from "../actors/ledger.ts";
import { FLAVOURS } from "../harness/backends.ts";
import type { ProcessCluster } from "../harness/process-cluster.ts";
import { usingClusters } from "../harness/using-clusters.ts";

vi.setConfig({ testTimeout: 60_000 });

const OTHER_ACTORS = fileURLToPath(new URL("../actors/other-ledger.ts", import.meta.url));

describe.each(FLAVOURS)("a silo that cannot start beside others (%s)", (flavour) => {
  const clusters = usingClusters(flavour);

  it("says which port is in use, ends with 2 and leaves the cluster as it was", async () => {
    const cluster = clusters.create();
    const [silo] = await cluster.start(1);
    const address = (await silo?.ready)?.address ?? "";
    const { code, text } = await failure(cluster, ["--listen", address]);
    expect(text).toMatch(/BAD_CONFIG/);
    expect(text).toContain(address);
    expect(code).toBe(2);
    await expectOneMember(cluster);
  });

  it("says which type others define otherwise, ends with 2 and leaves the cluster as it was", async () => {
    const cluster = clusters.create();
    await cluster.start(1);
    const { code, text } = await failure(cluster, [], OTHER_ACTORS);
    expect(text).toMatch(/BAD_DEFINITION|BAD_CONFIG/);
    expect(text).toContain("Ledger");
    expect(code).toBe(2);
    await expectOneMember(cluster);
  });
});

describe("a silo whose stores are wrong", () => {
  const clusters = usingClusters("servers", { faults: true });

  it("says which option has a wrong URL, and ends with 2", async () => {
    const cluster = clusters.create();
    const wrong = [
      ["--membership", "etcd://"],
      ["--membership", "redis://127.0.0.1:6379"],
      ["--membership", "nonsense"],
      ["--storage", "etcd://127.0.0.1:2379"],
      ["--storage", "http://127.0.0.1"],
    ];
    for (const flags of wrong) {
      const { code, text } = await failure(cluster, flags);
      expect(text, flags.join(" ")).toContain("BAD_CONFIG");
      expect(text, flags.join(" ")).toContain(flags[0]);
      expect(code, flags.join(" ")).toBe(2);
    }
  });

  it("says that nobody answers, and ends with 1", async () => {
    const cluster = clusters.create();
    const { etcd, redis } = clusters.servers();
    const absent: readonly (readonly [readonly string[], string])[] = [
      [["--membership", "etcd://127.0.0.1:1"], "CLUSTER_UNAVAILABLE"],
      [["--storage", "redis://127.0.0.1:1"], "STORE_UNAVAILABLE"],
      // Somebody answers, who is somebody else.
      [["--membership", `etcd://127.0.0.1:${portOf(redis)}`], "CLUSTER_UNAVAILABLE"],
      [["--storage", `redis://127.0.0.1:${portOf(etcd)}`], "STORE_UNAVAILABLE"],
    ];
    for (const [flags, error] of absent) {
      const { code, text } = await failure(cluster, flags);
      expect(text, flags.join(" ")).toContain(error);
      expect(text, flags.join(" ")).toContain("127.0.0.1");
      expect(code, flags.join(" ")).toBe(1);
    }
  });

  it("says the same when a server is there and hangs", async () => {
    const cluster = clusters.create();
    const { etcd, redis } = clusters.servers();
    await redis.pause();
    expect(await failure(cluster, [])).toMatchObject({
      code: 1,
      text: expect.stringContaining("STORE_UNAVAILABLE"),
    });
    await redis.resume();
    await etcd.pause();
    expect(await failure(cluster, [])).toMatchObject({
      code: 1,
      text: expect.stringContaining("CLUSTER_UNAVAILABLE"),
    });
    const connecting = connect({
      cluster: cluster.name,
      membership: cluster.locations.membership,
      logger: silentLogger,
    });
    await expect(connecting).rejects.toMatchObject({ code: "CLUSTER_UNAVAILABLE" });
    await etcd.resume();
    await cluster.start(1);
    await (await cluster.connect()).actor(Ledger, "a").record(1);
  });
});

/** Starts a silo that is expected to fail: its exit code and what it wrote. */
async function failure(
  cluster: ProcessCluster,
  flags: readonly string[],
  module?: string,
): Promise<{ readonly code: number | null; readonly text: string }> {
  const silo = cluster.launch(flags, module);
  const { code } = await silo.exited;
  return { code, text: silo.lines.join("\n") };
}

async function expectOneMember(cluster: ProcessCluster): Promise<void> {
  const client = await cluster.connect();
  expect(client.view.members).toHaveLength(1);
  await client.actor(Ledger, "a").record(1);
  expect(await client.actor(Ledger, "a").read()).toEqual([1]);
}

function portOf({ url }: { readonly url: string }): string {
  return new URL(url).port;
}
