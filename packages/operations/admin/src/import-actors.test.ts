import type { DueEntry } from "@troupe/core";
import { Actor, actor, type ActorType, readonly, reminder, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { AdminClient } from "./admin-client.ts";
import { exportActors } from "./export-actors.ts";
import { writeLine } from "./export-format.ts";
import { importActors, type ImportOptions, type ImportSummary } from "./import-actors.ts";

const billed: string[] = [];
/** What actors wait for, by their ids. */
const gates = new Map<string, Promise<void>>();

@actor("Account", { idleAfter: "1m" })
class Account extends Actor {
  @state() accessor balance = 0;
  @state() accessor note: Uint8Array | undefined = undefined;

  async deposit(amount: number): Promise<number> {
    this.balance += amount;
    return this.balance;
  }

  async transfer(to: string, amount: number): Promise<void> {
    this.balance -= amount;
    this.send(Account, to).deposit(amount);
  }

  async wait(): Promise<void> {
    await gates.get(this.id);
  }

  async bill(every: number): Promise<void> {
    await this.reminders.set("bill", { every, data: { id: this.id } });
  }

  async fill(bytes: number): Promise<void> {
    this.note = new Uint8Array(bytes).map((_, at) => at % 251);
  }

  @readonly() async read(): Promise<number> {
    return this.balance;
  }

  @readonly() async fence(): Promise<number> {
    return this.context.fence;
  }

  @readonly() async noted(): Promise<Uint8Array | undefined> {
    return this.note;
  }

  @reminder("bill") async onBill(): Promise<void> {
    billed.push(this.id);
  }
}

@actor("Account", { version: 2 })
class NewerAccount extends Actor {
  @state() accessor balance = 0;

  async deposit(amount: number): Promise<number> {
    this.balance += amount;
    return this.balance;
  }
}

@actor("Other")
class Other extends Actor {
  @state() accessor value = 0;

  async set(value: number): Promise<void> {
    this.value = value;
  }
}

interface Started {
  readonly cluster: TestCluster;
  readonly admin: AdminClient;
}

async function start(actors: readonly ActorType[] = [Account], silos = 2): Promise<Started> {
  const cluster = await TestCluster.start({ actors, silos });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  return { cluster, admin: new AdminClient(cluster.client) };
}

/** The lines of an export. */
async function exported({ cluster, admin }: Started): Promise<readonly string[]> {
  const header = { exportId: "e1", cluster: "test", at: "x", types: undefined };
  const lines = await cluster.run(Array.fromAsync(exportActors(admin, header)));
  return lines.map((line) => writeLine(line));
}

async function* linesOf(lines: readonly string[]): AsyncGenerator<string, void, undefined> {
  yield* lines;
}

function imported(
  { cluster, admin }: Started,
  lines: readonly string[],
  options: Partial<ImportOptions> = {},
): Promise<ImportSummary> {
  return cluster.run(importActors(admin, linesOf(lines), { clock: cluster.clock, ...options }));
}

const NOTHING = { imported: 0, replaced: 0, same: 0, done: 0, skipped: 0 };

/** Actors with state, reminders, sends that are pending, and dedup records. */
async function filled(count: number): Promise<Started> {
  const started = await start();
  const { cluster } = started;
  for (let at = 0; at < count; at++) {
    const account = cluster.actor(Account, `a${at}`);
    // oxlint-disable-next-line no-await-in-loop -- so that the export is the same each time.
    await cluster.run(account.deposit(100 + at));
    // oxlint-disable-next-line no-await-in-loop -- so that the export is the same each time.
    if (at % 3 === 0) await cluster.run(account.bill(60_000));
    // oxlint-disable-next-line no-await-in-loop -- so that the export is the same each time.
    await cluster.run(account.transfer(`a${(at + 1) % count}`, 10));
  }
  await cluster.advance(1_000);
  return started;
}

async function sumOf({ cluster }: Started, count: number): Promise<number> {
  const ids = Array.from({ length: count }, (_, at) => `a${at}`);
  const read = await cluster.run(cluster.client.actors(Account).readMany(ids, "read"));
  return read.reduce((sum, one) => sum + (one.status === "fulfilled" ? one.value : Number.NaN), 0);
}

function lineOf(lines: readonly string[], id: string): string {
  return lines.find((line) => line.includes(`"id":"${id}"`)) ?? "";
}

/** The fields of the actors of an export without its mark, by id. */
function fieldsOf(lines: readonly string[]): ReadonlyMap<string, unknown> {
  const actors = lines
    .slice(1, -1)
    .map((text) => JSON.parse(text) as { readonly id: string; readonly fields: object });
  return new Map(actors.map(({ id, fields }) => [id, { ...fields, "k:import": undefined }]));
}

function dueIn(cluster: TestCluster): DueEntry[] {
  const buckets = Array.from({ length: 4_096 }, (_, bucket) => bucket);
  return cluster.due.due(buckets, Number.MAX_SAFE_INTEGER, 10_000);
}

describe("an import", () => {
  it("brings everything into another cluster: state, reminders, sends, and no fence falls", async () => {
    const from = await filled(30);
    const lines = await exported(from);
    const into = await start();
    expect(await imported(into, lines)).toEqual({ ...NOTHING, imported: 30 });
    expect(dueIn(into.cluster)).toEqual(dueIn(from.cluster));
    const fence = await from.cluster.run(from.cluster.actor(Account, "a0").fence());
    expect(await into.cluster.run(into.cluster.actor(Account, "a0").fence())).toBeGreaterThan(
      fence,
    );
    expect(await sumOf(into, 30)).toBe(await sumOf(from, 30));
    billed.length = 0;
    await into.cluster.advance(70_000);
    const expected = Array.from({ length: 10 }, (_, at) => `a${3 * at}`);
    expect(billed.toSorted()).toEqual(expected.toSorted());
  });

  it("gives the very same export again, but for epochs, commits and its own mark", async () => {
    const from = await filled(10);
    const lines = await exported(from);
    const into = await start();
    await imported(into, lines);
    const again = await exported(into);
    expect(fieldsOf(again)).toEqual(fieldsOf(lines));
    // What was imported twice has one mark.
    const third = await start();
    await imported(third, again);
    expect(fieldsOf(await exported(third))).toEqual(fieldsOf(lines));
    expect(await imported(third, lines)).toEqual({ ...NOTHING, same: 10 });
  });

  it("delivers sends that had not arrived when they were exported, once", async () => {
    const from = await start();
    await from.cluster.run(from.cluster.actor(Account, "b").deposit(1));
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    gates.set("b", gate);
    const busy = from.cluster.actor(Account, "b").wait();
    await from.cluster.run(from.cluster.actor(Account, "a").transfer("b", 40));
    const lines = await exported(from);
    expect(lines.join()).toContain('"o:1"');
    open();
    await from.cluster.run(busy);
    const into = await start();
    await imported(into, lines);
    await into.cluster.advance(20_000);
    expect(await into.cluster.run(into.cluster.actor(Account, "a").read())).toBe(-40);
    expect(await into.cluster.run(into.cluster.actor(Account, "b").read())).toBe(41);
  });

  it("loses no further send, though the receiver was exported later than the sender", async () => {
    const from = await start();
    const sender = from.cluster.actor(Account, "a");
    await from.cluster.run(sender.deposit(100));
    const early = await exported(from);
    for (let at = 0; at < 3; at++) {
      // oxlint-disable-next-line no-await-in-loop -- one send after the other.
      await from.cluster.run(sender.transfer("b", 10));
      // oxlint-disable-next-line no-await-in-loop -- one send after the other.
      await from.cluster.advance(1_000);
    }
    const late = await exported(from);
    const [header = ""] = early;
    const into = await start();
    const cut = imported(into, [header, lineOf(early, "a"), lineOf(late, "b")]);
    await expect(cut).rejects.toThrow("the export is cut off");
    await into.cluster.run(into.cluster.actor(Account, "a").transfer("b", 5));
    await into.cluster.advance(1_000);
    expect(await into.cluster.run(into.cluster.actor(Account, "b").read())).toBe(35);
    await into.cluster.run(into.cluster.actor(Account, "a").transfer("b", 5));
    await into.cluster.advance(1_000);
    expect(await into.cluster.run(into.cluster.actor(Account, "b").read())).toBe(40);
  });

  it("carries an actor that no message could carry whole, in slices", async () => {
    const from = await start();
    await from.cluster.run(from.cluster.actor(Account, "large").fill(3_500_000));
    await from.cluster.run(from.cluster.actor(Account, "small").deposit(1));
    const lines = await exported(from);
    const into = await start();
    expect(await imported(into, lines)).toEqual({ ...NOTHING, imported: 2 });
    const noted = await into.cluster.run(into.cluster.actor(Account, "large").noted());
    expect(noted).toHaveLength(3_500_000);
    expect(noted).toEqual(new Uint8Array(3_500_000).map((_, at) => at % 251));
  });

  it("that was cut off can be run again, also when actors have changed since", async () => {
    const from = await filled(30);
    const lines = await exported(from);
    const into = await start();
    await expect(imported(into, lines.slice(0, 12))).rejects.toThrow(
      "[BAD_CONFIG] the export is cut off: it has 11 actors and no end",
    );
    const [, first = ""] = lines;
    const { id } = JSON.parse(first) as { readonly id: string };
    const balance = await into.cluster.run(into.cluster.actor(Account, id).deposit(7));
    expect(await imported(into, lines)).toEqual({ ...NOTHING, imported: 19, same: 10, done: 1 });
    expect(await into.cluster.run(into.cluster.actor(Account, id).read())).toBe(balance);
    expect(await sumOf(into, 30)).toBe((await sumOf(from, 30)) + 7);
  });

  it("that was cut off within a line says so", async () => {
    const from = await filled(3);
    const lines = await exported(from);
    const cut = [...lines.slice(0, 2), (lines[2] ?? "").slice(0, 40)];
    const into = await start();
    await expect(imported(into, cut)).rejects.toThrow("line 3 of the export is no JSON");
  });

  it("refuses an actor that has stored something else, and replaces it if it is told so", async () => {
    const from = await filled(3);
    const lines = await exported(from);
    const into = await start();
    const mine = into.cluster.actor(Account, "a1");
    await into.cluster.run(mine.deposit(5));
    await into.cluster.run(mine.bill(1_000));
    await expect(imported(into, lines)).rejects.toThrow(
      "[BAD_CONFIG] Account/a1 has stored something else than the export has; nothing of it was changed",
    );
    expect(await into.cluster.run(mine.read())).toBe(5);
    const summary = await imported(into, lines, { replace: true });
    expect(summary.replaced).toBe(1);
    expect(summary.replaced + summary.imported + summary.same).toBe(3);
    expect(await sumOf(into, 3)).toBe(await sumOf(from, 3));
    expect(dueIn(into.cluster)).toEqual(dueIn(from.cluster));
    await into.cluster.run(mine.deposit(1));
    expect(await imported(into, lines, { replace: true })).toMatchObject({ replaced: 1, same: 2 });
    await into.cluster.run(mine.deposit(1));
    const resumed = await imported(into, lines, { replace: true, resume: true });
    expect(resumed).toEqual({ ...NOTHING, same: 2, done: 1 });
  });

  it("never leaves an activation that does not know of it, whatever calls come meanwhile", async () => {
    const from = await filled(4);
    const lines = await exported(from);
    const into = await start();
    const ids = ["a0", "a1", "a2", "a3"];
    await into.cluster.run(
      Promise.all(ids.map((id) => into.cluster.actor(Account, id).deposit(1_000_000))),
    );
    const outcomes: Promise<unknown>[] = [];
    const importing = imported(into, lines, { replace: true });
    for (let round = 0; round < 50; round++)
      for (const id of ids)
        outcomes.push(
          into.cluster
            .actor(Account, id)
            .deposit(0)
            .catch((error: unknown) => error),
        );
    await importing;
    const settled = await into.cluster.run(Promise.all(outcomes));
    for (const one of settled) expect(one).toEqual(expect.any(Number));
    expect(await sumOf(into, 4)).toBe(await sumOf(from, 4));
  });

  it("goes on while a silo leaves", async () => {
    const from = await filled(60);
    const lines = await exported(from);
    const into = await start([Account], 3);
    const importing = importActors(into.admin, linesOf(lines), { clock: into.cluster.clock });
    const [leaving] = into.cluster.silos;
    if (leaving !== undefined) await into.cluster.stopSilo(leaving);
    const summary = await into.cluster.run(importing);
    expect(summary.imported + summary.same).toBe(60);
    expect(await sumOf(into, 60)).toBe(await sumOf(from, 60));
  });

  it("refuses a type that no silo hosts, unless it is told to leave it out", async () => {
    const from = await start([Account, Other]);
    await from.cluster.run(from.cluster.actor(Account, "a0").deposit(5));
    await from.cluster.run(from.cluster.actor(Other, "o").set(1));
    const lines = await exported(from);
    const into = await start();
    await expect(imported(into, lines)).rejects.toThrow(
      "[NO_SUCH_ACTOR_TYPE] no silo hosts the actor type Other; the types are Account",
    );
    const summary = await imported(into, lines, { skipUnknown: true });
    expect(summary).toMatchObject({ skipped: 1 });
    expect(summary.imported + summary.same).toBe(1);
    const only = await imported(into, lines, { types: ["Account"] });
    expect(only).toEqual({ ...NOTHING, same: 1, skipped: 1 });
  });

  it("refuses state of a later version than the one in force", async () => {
    const from = await start([NewerAccount]);
    await from.cluster.run(from.cluster.actor(NewerAccount, "a0").deposit(5));
    const lines = await exported(from);
    const into = await start();
    await expect(imported(into, lines)).rejects.toThrow(
      "[BAD_DEFINITION] Account/a0 cannot be imported: its state is of version 2 of Account",
    );
  });

  it("refuses a field of a part that the silos do not have", async () => {
    const into = await start([Account], 1);
    const fields = { "z:x": "AA==" };
    const lines = [
      '{"troupe":"export","format":1,"exportId":"e"}',
      JSON.stringify({ type: "Account", id: "a", epoch: 1, version: 1, fields }),
    ];
    await expect(imported(into, lines)).rejects.toThrow(
      /BAD_CONFIG.*has no part for the field "z:x"/,
    );
  });

  it("is for operators", async () => {
    const into = await start([Account], 1);
    const client = await into.cluster.run(into.cluster.connect({ role: "client" }));
    onTestFinished(() => client.close());
    const admin = new AdminClient(client);
    const actorOf = { type: "Account", id: "a", epoch: 1, version: 1, fields: new Map() };
    const forbidden = { code: "FORBIDDEN" };
    const importing = admin.importActor(actorOf, { exportId: "e" });
    await expect(into.cluster.run(importing)).rejects.toMatchObject(forbidden);
    await expect(into.cluster.run(admin.show(actorOf))).rejects.toMatchObject(forbidden);
    const reading = Array.fromAsync(admin.contents([actorOf]));
    await expect(into.cluster.run(reading)).rejects.toMatchObject(forbidden);
  });
});
