import { EVEN_PLACEMENT, type Member, TroupeError } from "@troupe/core";
import { Actor, actor } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { AdminClient } from "@troupe/admin";
import { ADMIN_LINK } from "@troupe/client";
import { drainSilo, typesWithout } from "./drain-command.ts";
import { findSilo } from "./find-silo.ts";

@actor("Page")
class Page extends Actor {
  async read(): Promise<string> {
    return this.id;
  }
}

async function start(): Promise<TestCluster> {
  const cluster = await TestCluster.start({ actors: [Page], silos: 2 });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  return cluster;
}

function firstOf({ client }: TestCluster): Member {
  const [member] = client.view.members;
  if (member === undefined) throw new Error("the cluster has no silo");
  return member;
}

/** The cluster with silos that give one answer to everything. */
function answering({ client }: TestCluster, answer: unknown): AdminClient {
  const { view } = client;
  const ask = async (): Promise<unknown> => {
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return new AdminClient({ [ADMIN_LINK]: { view, askSilo: ask, askActor: ask } });
}

describe("drainSilo", () => {
  it("resolves when the silo has left and its actors answer elsewhere, and says how far it is", async () => {
    const cluster = await start();
    const member = firstOf(cluster);
    const ids = Array.from({ length: 20 }, (_, index) => String(index));
    await cluster.run(Promise.all(ids.map((id) => cluster.actor(Page, id).read())));
    const reports: string[] = [];
    const report = (text: string): void => void reports.push(text);
    await cluster.run(
      drainSilo(new AdminClient(cluster.client), member, {
        clock: cluster.clock,
        timeoutMs: 30_000,
        report,
      }),
    );
    expect(cluster.client.view.members).toHaveLength(1);
    expect(reports[0]).toMatch(/is draining: \d+ activations are left/);
    expect(await cluster.run(Promise.all(ids.map((id) => cluster.actor(Page, id).read())))).toEqual(
      ids,
    );
    const drained = cluster.silos.findIndex(({ silo }) => silo.siloId === member.siloId);
    for (const { silo } of cluster.silos.splice(drained, 1)) await cluster.run(silo.stopped);
  });

  it("says that a silo has not left in time", async () => {
    const cluster = await start();
    const draining = drainSilo(answering(cluster, {}), firstOf(cluster), {
      clock: cluster.clock,
      timeoutMs: 5_000,
      report: undefined,
    });
    await expect(cluster.run(draining)).rejects.toMatchObject({ code: "TIMEOUT" });
  });

  it("fails at once if the silo certainly was not told", async () => {
    const cluster = await start();
    const refusing = answering(cluster, new TroupeError("UNAUTHENTICATED", "no"));
    const draining = drainSilo(refusing, firstOf(cluster), {
      clock: cluster.clock,
      timeoutMs: 5_000,
      report: undefined,
    });
    await expect(draining).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});

function hostOf(siloId: string, state: Member["state"], ...types: string[]): Member {
  const advert = { version: 1, digest: "d", placement: EVEN_PLACEMENT };
  const adverts = Object.fromEntries(types.map((type) => [type, advert]));
  return { siloId, address: `${siloId}:1`, state, types: adverts, version: "0", labels: {} };
}

describe("typesWithout", () => {
  it("names the types that no other active silo hosts", () => {
    const leaving = hostOf("a", "active", "Page", "Account", "Bell");
    const draining = hostOf("b", "draining", "Page");
    const other = hostOf("c", "active", "Bell");
    expect(typesWithout([leaving, draining, other], leaving)).toEqual(["Account", "Page"]);
    expect(typesWithout([leaving], leaving)).toEqual(["Account", "Bell", "Page"]);
    expect(typesWithout([leaving, other], other)).toEqual([]);
  });
});

describe("findSilo", () => {
  const members = ["abc1", "abd2", "xyz3"].map((siloId, index): Member => {
    const address = `127.0.0.1:${7100 + index}`;
    return { siloId, address, state: "active", types: {}, version: "0", labels: {} };
  });

  it("takes an id, its beginning if no other begins so, and an address", () => {
    for (const text of ["abd2", "abd", "127.0.0.1:7101"])
      expect(findSilo(members, text).siloId, text).toBe("abd2");
  });

  it("lists the silos that could be meant", () => {
    expect(() => findSilo(members, "nope")).toThrow(
      /names no silo.*\n {2}abc1 at 127.0.0.1:7100, active\n {2}abd2.*\n {2}xyz3/,
    );
    expect(() => findSilo(members, "ab")).toThrow(
      /more than one silo's id; .*\n {2}abc1 .*\n {2}abd2 [^\n]*$/,
    );
    expect(() => findSilo(members, "")).toThrow("names no silo");
  });
});
