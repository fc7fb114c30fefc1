import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { Ledger } from "../actors/ledger.ts";
import { FLAVOURS } from "../harness/backends.ts";
import { usingClusters } from "../harness/using-clusters.ts";

vi.setConfig({ testTimeout: 60_000 });

/** So many that every silo owns some, also under its next id. */
const IDS = Array.from({ length: 40 }, (_, index) => `frozen-${index}`);

describe.each(FLAVOURS)("a frozen silo (%s)", (flavour) => {
  const clusters = usingClusters(flavour);

  it("runs and stores nothing on waking that it had before its lease ended, and joins again under a new id", async () => {
    const cluster = clusters.create({ leaseTtl: "2s" });
    const [frozen] = await cluster.start(3);
    if (frozen === undefined) throw new Error("three silos were started");
    const { siloId } = await frozen.ready;
    const client = await cluster.connect();
    const owners = await Promise.all(IDS.map((id) => client.actor(Ledger, id).where()));
    const ids = IDS.filter((_, index) => owners[index] === frozen.pid);
    expect(ids).not.toEqual([]);
    await Promise.all(ids.map((id) => client.actor(Ledger, id).record(1)));

    // Of some actors a turn is under way, and one waits behind it, when the silo freezes; the
    // others have nothing to do.
    const busy = ids.filter((_, index) => index % 2 === 0);
    const file = join(cluster.folder, "go-on");
    const underWay = busy.map((id) => outcomeOf(client.actor(Ledger, id).recordAfter(2, file)));
    const waiting = busy.map((id) => outcomeOf(client.actor(Ledger, id).record(3)));
    await cluster.waitFor("the turns are under way", () =>
      busy.every((id) => cluster.journal().some(isLine("begin", id, 2))),
    );
    await cluster.freeze(frozen);
    // These reach the silo's socket, and the silo when it wakes.
    const late = ids.map((id) => outcomeOf(client.actor(Ledger, id).record(4)));

    const answered = await Promise.all([...underWay, ...waiting, ...late]);
    expect(new Set(answered)).toEqual(new Set(["SILO_LOST"]));
    await Promise.all(ids.map((id) => client.actor(Ledger, id).record(5)));
    const elsewhere = await Promise.all(ids.map((id) => client.actor(Ledger, id).where()));
    expect(elsewhere).not.toContain(frozen.pid);

    writeFileSync(file, "");
    cluster.thaw(frozen);
    await cluster.waitFor("it is back under a new id", async () => {
      const known = (await cluster.snapshots(client)).map((snapshot) => snapshot.siloId);
      return known.length === 3 && !known.includes(siloId);
    });
    await cluster.waitFor("it serves again", async () =>
      (await Promise.all(IDS.map((id) => client.actor(Ledger, id).where()))).includes(frozen.pid),
    );
    await Promise.all(ids.map((id) => client.actor(Ledger, id).record(6)));
    for (const id of ids) expect(await client.actor(Ledger, id).read()).toEqual([1, 5, 6]);
    expect(
      cluster
        .journal()
        .filter((line) => line[1] === "record" && (line[3] === "3" || line[3] === "4")),
    ).toEqual([]);
  });

  it("delays no actor that it never owned when another silo crashes, and keeps no new silo out", async () => {
    const cluster = clusters.create({ leaseTtl: "14s" });
    const [frozen, crashed] = await cluster.start(4);
    if (frozen === undefined || crashed === undefined) throw new Error("four silos were started");
    const client = await cluster.connect();
    await Promise.all(IDS.map((id) => client.actor(Ledger, id).record(1)));
    const owners = await Promise.all(IDS.map((id) => client.actor(Ledger, id).where()));
    const moving = IDS.filter((_, index) => owners[index] === crashed.pid);
    expect(moving).not.toEqual([]);

    await cluster.freeze(frozen);
    await cluster.kill(crashed);
    const joining = cluster.launch();
    // Those that the frozen silo owns now have to wait for it.
    const answers = await Promise.allSettled(
      moving.map((id) => client.actor(Ledger, id, { timeout: "5s" }).read()),
    );
    const served = answers.filter(({ status }) => status === "fulfilled");
    expect(served.length).toBeGreaterThan(0);
    for (const answer of served) expect(answer).toMatchObject({ value: [1] });
    // It is frozen for longer than a silo used to wait for a link with it.
    await joining.ready;
    expect(client.view.members.map(({ siloId }) => siloId)).toContain((await joining.ready).siloId);
    for (const id of IDS) expect(await client.actor(Ledger, id).read()).toEqual([1]);
    cluster.thaw(frozen);
  });
});

/** `stored`, or the code of the error. */
async function outcomeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "stored";
  } catch (error) {
    return (error as { readonly code: string }).code;
  }
}

function isLine(what: string, id: string, operation: number): (line: readonly string[]) => boolean {
  return (line) => line[1] === what && line[2] === id && line[3] === String(operation);
}
