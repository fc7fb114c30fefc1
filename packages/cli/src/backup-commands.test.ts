import { AdminClient } from "@troupe/admin";
import { Actor, actor, reminder, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { writeExport } from "./export-command.ts";
import { checkInput, readExport } from "./import-command.ts";
import type { ImportFlags } from "./program.ts";
import { showActor } from "./show-actor-command.ts";
import { printedBy, type Printed } from "./testing/printed.ts";

@actor("Account")
class Account extends Actor {
  @state() accessor balance = 0;

  async deposit(amount: number): Promise<number> {
    this.balance += amount;
    return this.balance;
  }

  async bill(): Promise<void> {
    await this.reminders.set("bill", { in: "1h" });
  }

  @reminder("bill") async onBill(): Promise<void> {}
}

const HEADER = {
  exportId: "e1",
  cluster: "bank",
  at: "2026-01-01T00:00:00.000Z",
  types: undefined,
};
const FLAGS: ImportFlags = {
  json: false,
  replace: false,
  resume: false,
  skipUnknown: false,
  check: false,
};

interface Started {
  readonly cluster: TestCluster;
  readonly admin: AdminClient;
}

async function start(accounts: number): Promise<Started> {
  const cluster = await TestCluster.start({ actors: [Account], silos: 2 });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  for (let at = 0; at < accounts; at++) {
    // oxlint-disable-next-line no-await-in-loop -- so that the commits are the same each time.
    await cluster.run(cluster.actor(Account, `a${at}`).deposit(at + 1));
  }
  return { cluster, admin: new AdminClient(cluster.client) };
}

function printed({ cluster }: Started, command: () => Promise<number>): Promise<Printed> {
  return printedBy(() => cluster.run(command()));
}

async function* pieces(text: string): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < text.length; at += 100) yield Buffer.from(text.slice(at, at + 100));
}

describe("troupe export and import", () => {
  it("write lines that are read elsewhere, and say how much that was", async () => {
    const from = await start(12);
    const { code, out, err } = await printed(from, () => writeExport(from.admin, HEADER, false));
    expect({ code, err }).toEqual({ code: 0, err: "12 actors with 12 bytes are exported" });
    expect(out.split("\n")).toHaveLength(14);
    const summary = await printed(from, () => writeExport(from.admin, HEADER, true));
    expect(JSON.parse(summary.err)).toEqual({ exportId: "e1", actors: 12, fields: 12, bytes: 12 });

    const into = await start(2);
    const first = await printed(into, () => readExport(into.admin, pieces(out), FLAGS));
    expect(first).toEqual({ code: 0, out: "", err: "10 actors imported, 2 stored already" });
    const second = await printed(into, () =>
      readExport(into.admin, pieces(out), { ...FLAGS, json: true }),
    );
    expect(JSON.parse(second.out)).toEqual({
      imported: 0,
      replaced: 0,
      same: 12,
      done: 0,
      skipped: 0,
    });
    const checked = await printedBy(() => checkInput(pieces(out), false));
    expect(checked.err).toBe("the export is whole: 12 actors with 12 bytes");
  });

  it("say what was done before a failure", async () => {
    const from = await start(5);
    const { out } = await printed(from, () => writeExport(from.admin, HEADER, false));
    const into = await start(0);
    const cut = out.slice(0, out.lastIndexOf("\n"));
    let failure: unknown;
    const { err } = await printed(into, () =>
      readExport(into.admin, pieces(cut), FLAGS).catch((error: unknown) => {
        failure = error;
        return 1;
      }),
    );
    expect(err).toBe("5 actors imported; the import was not ended, and can be run again");
    expect(failure).toMatchObject({ code: "BAD_CONFIG" });
    await expect(checkInput(pieces(cut), false)).rejects.toThrow("the export is cut off");
  });
});

describe("troupe actors show", () => {
  it("shows a sleeping actor for people and for programs", async () => {
    const started = await start(1);
    await started.cluster.run(started.cluster.actor(Account, "a0").bill());
    const address = { type: "Account", id: "a0" };
    const forPeople = await printed(started, () => showActor(started.admin, address, false));
    expect(forPeople.out).toContain("Account/a0");
    expect(forPeople.out).toMatch(/activation +│ active/);
    expect(forPeople.out).toContain("bill");
    expect(forPeople.out).toContain("state: { balance: 1 }");
    const forPrograms = await printed(started, () => showActor(started.admin, address, true));
    expect(JSON.parse(forPrograms.out)).toMatchObject({
      type: "Account",
      id: "a0",
      state: { balance: 1 },
      reminders: [{ name: "bill" }],
      version: 2,
    });
  });
});
