import { AdminClient } from "@troupe/admin";
import { ADMIN_LINK, type AdminLink, type DeadLetters } from "@troupe/client";
import { Actor, actor, reminder, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { showActors } from "./actors-command.ts";
import { showLetters, showSenders, workOnLetters } from "./letters-command.ts";
import { showDue, showReminders } from "./reminders-command.ts";
import { printedBy, type Printed } from "./testing/printed.ts";

@actor("Account", { idleAfter: "30d" })
class Account extends Actor {
  @state() accessor isOpen = false;

  async bill(name: string): Promise<void> {
    await this.reminders.set("bill", { every: "10m", data: { name } });
  }

  async open(): Promise<void> {
    this.isOpen = true;
  }

  async pay(to: string): Promise<void> {
    this.send(Account, to).take();
  }

  async take(): Promise<void> {
    if (!this.isOpen) throw new RangeError("not\nopen");
  }

  @reminder("bill") async tick(): Promise<void> {
    if (this.id === "carol") throw new Error("cannot be billed");
  }
}

@actor("Page")
class Page extends Actor {
  async read(): Promise<void> {}
}

let cluster: TestCluster;
let admin: AdminClient;

/** Each test is about an actor of its own. */
beforeAll(async () => {
  cluster = await TestCluster.start({ actors: [Account, Page], silos: 3 });
  admin = new AdminClient(cluster.client);
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

/** The cluster with silos that answer otherwise. */
function withAnswers(askSilo: AdminLink["askSilo"]): AdminClient {
  const { view } = cluster.client;
  const askActor = cluster.client[ADMIN_LINK].askActor.bind(cluster.client);
  return new AdminClient({ [ADMIN_LINK]: { view, askSilo, askActor } });
}

function letters(): DeadLetters {
  return cluster.client.deadLetters(Account, "payer");
}

function printed(command: Promise<number>): Promise<Printed> {
  return printedBy(() => cluster.run(command));
}

async function printedJson(command: Promise<number>): Promise<unknown> {
  const { code, out } = await printed(command);
  expect(code).toBe(0);
  return JSON.parse(out);
}

describe("troupe reminders", () => {
  it("says that there are none", async () => {
    expect(await printed(showDue(admin, false))).toEqual({
      code: 0,
      out: "",
      err: "no reminder is set",
    });
    expect(
      await printed(showReminders(admin, { type: "Account", id: "nobody" }, false)),
    ).toMatchObject({
      out: "",
      err: "Account/nobody has no reminder",
    });
  });

  it("lists those of all silos, earliest first, and those of one actor with what became of their ticks", async () => {
    const { client, clock } = cluster;
    const start = clock.now();
    for (const id of ["carol", "alice", "bob"]) {
      // oxlint-disable-next-line no-await-in-loop -- their order is what is tested.
      await cluster.run(client.actor(Account, id).bill(id));
      // oxlint-disable-next-line no-await-in-loop -- the same.
      await cluster.advance(1_000);
    }
    const listed = (await printedJson(showDue(admin, true))) as {
      reminders: { id: string; nextAt: number }[];
    };
    expect(listed).toMatchObject({
      reminders: ["carol", "alice", "bob"].map((id) => ({ type: "Account", id, name: "bill" })),
      unanswered: [],
    });
    expect(listed.reminders[0]?.nextAt).toBeGreaterThanOrEqual(start + 600_000);
    expect((await printed(showDue(admin, false))).out).toMatch(
      /Account\/carol.*Account\/alice.*Account\/bob/s,
    );
    await cluster.advance(600_000 + 60_000);
    const carol = { type: "Account", id: "carol" };
    expect(await printedJson(showReminders(admin, carol, true))).toMatchObject({
      actor: "Account/carol",
      reminders: [{ name: "bill", failed: 1, data: { name: "carol" } }],
    });
    expect(
      (await printed(showReminders(admin, { type: "Account", id: "alice" }, false))).out,
    ).toMatch(/bill .*Z .* 1 .* 0 /);
  });
});

describe("troupe actors", () => {
  it("lists what is active on all silos, of all types or of one, and where", async () => {
    const { client } = cluster;
    const ids = ["a", "b", "c", "d", "e", "f", "g", "h"];
    await cluster.run(Promise.all(ids.map((id) => client.actor(Page, id).read())));
    const { actors } = (await printedJson(showActors(admin, "Page", true))) as {
      actors: { id: string; siloId: string }[];
    };
    expect(actors.map(({ id }) => id)).toEqual(ids);
    expect(new Set(actors.map(({ siloId }) => siloId)).size).toBeGreaterThan(1);
    expect(actors[0]).toMatchObject({ type: "Page", state: "active", waiting: 0 });
    expect((await printed(showActors(admin, undefined, false))).out).toMatch(
      /Account\/alice.*Page\/a/s,
    );
  });

  it("knows the types that silos host", async () => {
    await expect(showActors(admin, "Pgae", false)).rejects.toThrow(
      "no silo hosts the actor type Pgae; the types are",
    );
  });

  it("says which silo did not answer, and fails", async () => {
    const [silent] = cluster.client.view.members;
    const partly = withAnswers(async (siloId) => {
      if (siloId === silent?.siloId) throw new Error("away");
      return { activations: [{ type: "Page", id: "x", state: "active", waiting: 2 }] };
    });
    expect(await printed(showActors(partly, undefined, true))).toMatchObject({
      code: 1,
      out: expect.stringContaining(`"unanswered":[{"siloId":"${silent?.siloId}","error":"away"}]`),
      err: `${silent?.siloId} did not answer: away`,
    });
  });
});

describe("lists of a cluster that does not answer", () => {
  it("do not say that there is nothing", async () => {
    const silent = withAnswers(async () => {
      throw new Error("the store does not answer");
    });
    for (const show of [() => showDue(silent, false), () => showActors(silent, undefined, false)]) {
      // oxlint-disable-next-line no-await-in-loop -- they print to the same place.
      const { code, out, err } = await printed(show());
      expect({ code, out }).toEqual({ code: 1, out: "" });
      expect(err).toMatch(/^(\S+ did not answer: the store does not answer\n?){3}$/);
    }
  });
});

describe("troupe letters", () => {
  const payer = { type: "Account", id: "payer" };

  it("says that there are none", async () => {
    expect(await printed(showSenders(admin, false))).toMatchObject({
      code: 0,
      out: "",
      err: "no actor has dead letters",
    });
    expect(await printed(showLetters(letters(), payer, false))).toMatchObject({
      err: "Account/payer has no dead letter",
    });
  });

  it("lists who has dead letters, and those of one actor, without letting a reason steer the terminal", async () => {
    const { client } = cluster;
    for (const to of ["shop", "shop", "bar"]) {
      // oxlint-disable-next-line no-await-in-loop -- their order is what is tested.
      await cluster.run(client.actor(Account, "payer").pay(to));
    }
    await cluster.advance(600_000);
    expect(await printedJson(showSenders(admin, true))).toMatchObject({
      actors: [{ ...payer, letters: 3 }],
    });
    expect((await printed(showSenders(admin, false))).out).toMatch(/Account\/payer .* 3 .*Z /);
    expect(await printedJson(showLetters(letters(), payer, true))).toMatchObject({
      actor: "Account/payer",
      letters: [
        { seq: 1, to: "Account/shop", method: "take", reason: "not\nopen" },
        { seq: 2, to: "Account/shop" },
        { seq: 3, to: "Account/bar" },
      ],
    });
    expect((await printed(showLetters(letters(), payer, false))).out).toContain(
      String.raw`not\u000aopen`,
    );
  });

  it("sends one again, or all", async () => {
    const { client } = cluster;
    await cluster.run(Promise.all(["shop", "bar"].map((id) => client.actor(Account, id).open())));
    const one = workOnLetters(letters(), {
      address: payer,
      verb: "resend",
      choice: 3,
      json: false,
    });
    expect(await printed(one)).toEqual({
      code: 0,
      out: "",
      err: "Account/payer sends letter 3 again",
    });
    const again = workOnLetters(letters(), {
      address: payer,
      verb: "resend",
      choice: 3,
      json: true,
    });
    expect(await printed(again)).toMatchObject({
      code: 1,
      out: '{"actor":"Account/payer","resent":[]}',
      err: expect.stringContaining("has no dead letter 3"),
    });
    const all = workOnLetters(letters(), {
      address: payer,
      verb: "resend",
      choice: "all",
      json: true,
    });
    expect(await printedJson(all)).toEqual({ actor: "Account/payer", resent: [1, 2] });
    await cluster.advance(10_000);
    expect(await printedJson(showSenders(admin, true))).toEqual({ actors: [] });
  });
});
