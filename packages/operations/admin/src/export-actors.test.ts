import { Actor, actor, readonly, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { AdminClient } from "./admin-client.ts";
import { exportActors } from "./export-actors.ts";
import type { ExportLine } from "./export-format.ts";

const woken: string[] = [];

@actor("Account", { idleAfter: "1m" })
class Account extends Actor {
  @state() accessor balance = 0;
  @state() accessor text = "";

  override onActivate(): void {
    woken.push(this.id);
  }

  async deposit(amount: number): Promise<number> {
    this.balance += amount;
    return this.balance;
  }

  async write(length: number): Promise<void> {
    this.text = "x".repeat(length);
  }

  @readonly() async fence(): Promise<number> {
    return this.context.fence;
  }
}

interface Started {
  readonly cluster: TestCluster;
  readonly admin: AdminClient;
}

async function start(accounts: number): Promise<Started> {
  const cluster = await TestCluster.start({ actors: [Account], silos: 2 });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  const ids = Array.from({ length: accounts }, (_, at) => `a${at}`);
  await cluster.run(Promise.all(ids.map((id, at) => cluster.actor(Account, id).deposit(at + 1))));
  return { cluster, admin: new AdminClient(cluster.client) };
}

function exported({ cluster, admin }: Started, types?: readonly string[]): Promise<ExportLine[]> {
  const header = { exportId: "e1", cluster: "test", at: "x", types };
  return cluster.run(Array.fromAsync(exportActors(admin, header)));
}

describe("an export", () => {
  it("has every stored actor as it is, wakes none, and ends with its counts", async () => {
    const started = await start(250);
    await started.cluster.advance(3 * 60_000);
    woken.length = 0;
    const lines = await exported(started);
    expect(woken).toEqual([]);
    expect(lines[0]).toMatchObject({ kind: "header", header: { exportId: "e1" } });
    expect(lines.at(-1)).toEqual({ kind: "end", end: { actors: 250, fields: 250, bytes: 373 } });
    const ids = lines.flatMap((line) => (line.kind === "actor" ? [line.actor.id] : []));
    expect(new Set(ids).size).toBe(250);
  });

  it("leaves running actors with their owners", async () => {
    const started = await start(1);
    const account = started.cluster.actor(Account, "a0");
    const fence = await started.cluster.run(account.fence());
    await exported(started);
    expect(await started.cluster.run(account.deposit(1))).toBe(2);
    expect(await started.cluster.run(account.fence())).toBe(fence);
  });

  it("has large actors whole, also if they change while they are read", async () => {
    const started = await start(3);
    const { cluster, admin } = started;
    await cluster.run(cluster.actor(Account, "a1").write(3_000_000));
    let written = 3_000_000;
    const header = { exportId: "e1", cluster: "test", at: "x", types: ["Account"] };
    const lines: ExportLine[] = [];
    const exporting = (async () => {
      for await (const line of exportActors(admin, header)) lines.push(line);
    })();
    const writing = (async () => {
      for (let at = 0; at < 3; at++) await cluster.actor(Account, "a1").write(++written);
    })();
    await cluster.run(Promise.all([exporting, writing]));
    const large = lines.find((line) => line.kind === "actor" && line.actor.id === "a1");
    const text = large?.kind === "actor" ? large.actor.fields.get("s:text") : undefined;
    expect(text?.subarray(5).every((byte) => byte === "x".charCodeAt(0))).toBe(true);
    expect(text?.length).toBeGreaterThanOrEqual(3_000_000);
    expect(text?.length).toBeLessThanOrEqual(written + 5);
  });

  it("of a type that is neither hosted nor stored fails, and so has no end", async () => {
    const started = await start(2);
    await expect(exported(started, ["Acount"])).rejects.toThrow(
      "[NO_SUCH_ACTOR_TYPE] no silo hosts the actor type Acount; the types are Account",
    );
    expect(await exported(started, ["Account"])).toHaveLength(4);
  });
});
