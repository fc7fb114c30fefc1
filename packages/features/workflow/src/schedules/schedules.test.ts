import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { Account } from "../actor/testing/bank.ts";
import { defineWorkflow, event, type Overlap, Schedule, schedules, workflow } from "../index.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const Report = defineWorkflow({
  name: "Report",
  events: { go: event() },
  async run(ctx, input: { readonly waits: boolean }) {
    await ctx.actor(Account, "reports").deposit(1);
    if (input.waits) await ctx.event("go");
  },
});

async function start(silos = 1): Promise<TestCluster> {
  const cluster = await TestCluster.start({ actors: [Account, Report, Schedule], silos });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  return cluster;
}

async function set(
  cluster: TestCluster,
  more: { readonly overlap?: Overlap; readonly waits?: boolean; readonly catchUp?: "1h" } = {},
): Promise<void> {
  const { waits = false, ...rest } = more;
  const spec = { workflow: Report, input: { waits }, cron: "* * * * *", ...rest };
  await cluster.run(schedules(cluster.client).set("nightly", spec));
}

async function ids(cluster: TestCluster): Promise<string[]> {
  const all: string[] = [];
  await cluster.run(
    (async () => {
      for await (const id of cluster.client.actors("Report").list()) all.push(id);
    })(),
  );
  return all.toSorted();
}

const states = async (cluster: TestCluster): Promise<string[]> => {
  const all = (await ids(cluster)).map((id) => workflow(cluster.client, Report, id).status());
  return (await cluster.run(Promise.all(all))).map(({ state }) => state);
};

const counted = async (cluster: TestCluster): Promise<number> =>
  (await cluster.run(cluster.actor(Account, "reports").read())).movements.length;

describe("a schedule", () => {
  it("begins a run at each due time, whose id has the time, and shows the next", async () => {
    const cluster = await start();
    await set(cluster);
    await cluster.advance(3 * MINUTE_MS + 5_000);
    const found = await ids(cluster);
    expect(found).toHaveLength(3);
    expect(found[0]).toMatch(/^nightly\/20\d\d-.*T.*:00\.000Z$/);
    const status = await cluster.run(schedules(cluster.client).get("nightly"));
    expect(status).toMatchObject({ lastId: found[2], isPaused: false, overlap: "skip" });
    expect((status?.nextAt ?? 0) % MINUTE_MS).toBe(0);
  });

  it.each([0, 5, 10, 20, 40, 80])(
    "begins one run for a due time though its silo is lost %s ms after it",
    async (afterMs) => {
      const cluster = await start(3);
      await set(cluster);
      const { nextAt = 0 } = (await cluster.run(schedules(cluster.client).get("nightly"))) ?? {};
      await cluster.advance(nextAt - cluster.clock.now() + afterMs);
      cluster.silos
        .find(({ silo }) => (silo.snapshot().activationsByType.Schedule ?? 0) > 0)
        ?.kill();
      await cluster.advance(30_000);
      expect(await ids(cluster)).toHaveLength(1);
      expect(await counted(cluster)).toBe(1);
    },
  );

  it("catches up with what came due while no silo was up, as far as it may", async () => {
    const cluster = await start();
    await set(cluster, { catchUp: "1h", overlap: "allow" });
    cluster.silos[0]?.kill();
    cluster.clock.jumpWall(10 * HOUR_MS);
    await cluster.startSilo();
    await cluster.advance(30_000);
    const count = (await ids(cluster)).length;
    expect(count).toBeGreaterThanOrEqual(59);
    expect(count).toBeLessThanOrEqual(61);
  });

  it.each([
    ["skip", ["running"], 2],
    ["allow", ["running", "running", "running"], 0],
    ["cancel", ["cancelled", "cancelled", "running"], 0],
    ["queue", ["running"], 0],
  ] as const)("lets runs overlap as %s says", async (overlap, expected, skipped) => {
    const cluster = await start();
    await set(cluster, { overlap, waits: true });
    await cluster.advance(3 * MINUTE_MS + 5_000);
    expect(await states(cluster)).toEqual(expected);
    const status = await cluster.run(schedules(cluster.client).get("nightly"));
    expect(status).toMatchObject({ skipped, waiting: overlap === "queue" ? 2 : 0 });
    if (overlap !== "queue") return;
    await cluster.run(workflow(cluster.client, Report, status?.lastId ?? "").send("go"));
    await cluster.advance(10_000);
    expect(await states(cluster)).toEqual(["completed", "running"]);
  });

  it("is paused, resumed, triggered, listed and deleted", async () => {
    const cluster = await start();
    const all = schedules(cluster.client);
    await set(cluster);
    await cluster.run(all.pause("nightly"));
    await cluster.advance(5 * MINUTE_MS);
    expect(await ids(cluster)).toEqual([]);
    const id = await cluster.run(all.trigger("nightly"));
    await cluster.advance(100);
    expect(await ids(cluster)).toEqual([id]);
    await cluster.run(all.resume("nightly"));
    await cluster.advance(MINUTE_MS + 1_000);
    expect(await ids(cluster)).toHaveLength(2);
    const list = async (): Promise<string[]> => {
      const names: string[] = [];
      for await (const { name } of all.list()) names.push(name);
      return names;
    };
    expect(await cluster.run(list())).toEqual(["nightly"]);
    await cluster.run(all.delete("nightly"));
    await cluster.advance(5 * MINUTE_MS);
    expect(await ids(cluster)).toHaveLength(2);
    expect(await cluster.run(list())).toEqual([]);
    await expect(cluster.run(all.pause("nightly"))).rejects.toMatchObject({
      code: "NO_SUCH_WORKFLOW",
    });
  });

  it("fills in due times that have passed, each once", async () => {
    const cluster = await start();
    const all = schedules(cluster.client);
    await set(cluster, { waits: true });
    const to = new Date(cluster.clock.now());
    const from = new Date(to.getTime() - 10 * MINUTE_MS);
    for (let count = 0; count < 2; count++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other.
      await cluster.run(all.backfill("nightly", { from, to }));
      // oxlint-disable-next-line no-await-in-loop -- as above.
      await cluster.advance(10_000);
    }
    const past = (await ids(cluster)).filter((id) => id.slice(8) <= to.toISOString());
    expect(past).toHaveLength(10);
    expect(await counted(cluster)).toBeGreaterThanOrEqual(10);
  });

  it.each<[object, RegExp]>([
    [{ cron: "every day" }, /cron/],
    [{ timezone: "Mars/Base" }, /timezone|Mars/],
    [{ overlap: "both" }, /overlap is "both"; give skip, queue, cancel, allow/],
    [{ catchUp: "soon" }, /catchUp is "soon"/],
    [{ workflow: "" }, /workflow is ""/],
  ])("refuses %j", async (wrong, message) => {
    const cluster = await start();
    const spec = { workflow: "Report", cron: "* * * * *", ...wrong };
    await expect(cluster.run(schedules(cluster.client).set("s", spec))).rejects.toMatchObject({
      code: "BAD_SCHEDULE",
      message: expect.stringMatching(message),
    });
    expect(await cluster.run(schedules(cluster.client).get("s"))).toBeUndefined();
  });
});
