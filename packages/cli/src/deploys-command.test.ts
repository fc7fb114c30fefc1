import { AdminClient } from "@troupe/admin";
import { Actor, actor } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { definitionsIn, runDeploys, showDefinitions, switchTo } from "./deploys-command.ts";
import { printedBy, type Printed } from "./testing/printed.ts";

@actor("Till")
class First extends Actor {
  async old(): Promise<void> {}
}

@actor("Till")
class Second extends Actor {
  async fresh(): Promise<void> {}
}

@actor("Till", { version: 2 })
class Third extends Actor {
  async fresh(): Promise<void> {}
}

interface Desk {
  readonly cluster: TestCluster;
  readonly admin: AdminClient;
  /** The definitions that wait, in order of their start. */
  readonly waiting: () => readonly string[];
  readonly inForce: () => string | undefined;
}

/** Three silos of the first release, and one of each of the others. */
async function start(others: readonly (typeof Second)[]): Promise<Desk> {
  const cluster = await TestCluster.start({ actors: [First], silos: 3 });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  for (const other of others) {
    // oxlint-disable-next-line no-await-in-loop -- one joins after the other.
    await cluster.startSilo({ actors: [other] });
  }
  await cluster.advance(100);
  const admin = new AdminClient(cluster.client);
  const shown = (): ReturnType<typeof definitionsIn> => definitionsIn(admin.view);
  return {
    cluster,
    admin,
    waiting: () => shown().flatMap(({ inForce, digest }) => (inForce ? [] : [digest])),
    inForce: () => shown().find(({ inForce }) => inForce)?.digest,
  };
}

function printed(work: () => void | Promise<void>): Promise<Printed> {
  return printedBy(async () => {
    await work();
    return 0;
  });
}

describe("troupe deploys", () => {
  it("shows the definitions of a type, how many silos run each, and which is in force", async () => {
    const { cluster, admin, waiting, inForce } = await start([Second]);
    const table = await printed(() => showDefinitions(admin.view, false));
    const rows = table.out.split("\n").filter((line) => line.includes("Till"));
    expect(rows[0]).toMatch(new RegExp(`Till .* 1 .* ${inForce() ?? ""} .* 3 .* in force`));
    expect(rows[1]).toMatch(new RegExp(`Till .* 1 .* ${waiting()[0] ?? ""} .* 1 .* waits`));
    const json = await printed(() => showDefinitions(admin.view, true));
    expect(JSON.parse(json.out)).toMatchObject({
      revision: cluster.client.view.revision,
      definitions: [
        { type: "Till", version: 1, inForce: true },
        { type: "Till", version: 1, inForce: false },
      ],
    });
  });

  it("switches to the definition that waits, and back to the one before", async () => {
    const { cluster, admin, waiting, inForce } = await start([Second]);
    const [before, next] = [inForce(), waiting()[0]];
    const change = { verb: "switch", type: "Till", to: undefined } as const;
    const said = await printed(() => cluster.run(switchTo(admin, change, false)));
    expect(said.err).toBe(`${next}, version 1 of Till, is in force`);
    await cluster.advance(100);
    expect(inForce()).toBe(next);
    await cluster.run(cluster.actor(Second, "t").fresh());
    await printed(() => cluster.run(switchTo(admin, { ...change, verb: "back" }, true)));
    await cluster.advance(100);
    expect(inForce()).toBe(before);
    await cluster.run(cluster.actor(First, "t").old());
  });

  it("asks which one is meant if several wait, and takes the beginning of its name", async () => {
    const { cluster, admin, waiting, inForce } = await start([Second, Third]);
    const change = { verb: "switch", type: "Till", to: undefined } as const;
    await expect(switchTo(admin, change, false)).rejects.toThrow(
      `several definitions of Till wait: ${waiting().join(", ")}; name one with --to`,
    );
    const wanted = waiting()[1];
    const to = wanted?.slice(0, 6);
    await printed(() => cluster.run(switchTo(admin, { ...change, to }, false)));
    await cluster.advance(100);
    expect(inForce()).toBe(wanted);
  });

  it("says what is wrong with a type, a verb and a definition that nobody runs", async () => {
    const { admin } = await start([]);
    const change = { verb: "switch", type: "Till", to: undefined } as const;
    await expect(switchTo(admin, { ...change, type: "Nobody" }, false)).rejects.toThrow(
      "no active silo hosts Nobody",
    );
    await expect(switchTo(admin, change, false)).rejects.toThrow(
      "no active silo runs another definition of Till",
    );
    await expect(switchTo(admin, { ...change, verb: "back" }, false)).rejects.toThrow(
      "no active silo runs the definition of Till that was in force before",
    );
    await expect(runDeploys("back", undefined, { json: false })).rejects.toThrow(
      "troupe deploys back needs the actor type",
    );
  });

  it("is refused by the silos for a definition that none of them runs", async () => {
    const { cluster, admin } = await start([]);
    const unknown = admin.switchDefinition("Till", "no such digest");
    await expect(cluster.run(unknown)).rejects.toMatchObject({ code: "BAD_CONFIG" });
  });
});
