import { AdminClient } from "@troupe/admin";
import { type Components, componentsExtension, openComponents } from "@troupe/components";
import { componentType, TroupeError } from "@troupe/core";
import { Actor, actor } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { showComponents } from "./components-command.ts";
import { type Printed, printedBy } from "./testing/printed.ts";
import { runHere } from "./testing/command-folder.ts";

@actor("Clerk")
class Clerk extends Actor {
  async read(): Promise<void> {}
}

const awayType = componentType({
  type: "lock.away",
  block: "lock",
  summary: "Is away.",
  metadata: {},
  open: async () => {
    throw new TroupeError("COMPONENT_UNAVAILABLE", "nobody there");
  },
});

let cluster: TestCluster;
let components: Components;

beforeAll(async () => {
  components = await openComponents({
    appId: "shop",
    types: [awayType],
    components: [
      { name: "orders", type: "state.in-memory" },
      { name: "doors", type: "lock.away", ignoreErrors: true },
    ],
  });
  cluster = await TestCluster.start({
    actors: [Clerk],
    extensions: [componentsExtension(components)],
  });
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await components.close();
});

function shown(of: TestCluster, json: boolean): Promise<Printed> {
  return printedBy(() => of.run(showComponents(new AdminClient(of.client), json)));
}

describe("troupe components", () => {
  it("lists what the silos have opened, and what is wrong", async () => {
    const { code, out } = await shown(cluster, false);
    expect(code).toBe(0);
    expect(out).toMatch(/orders +│ state\.in-memory v1 .* open .* transactions/);
    expect(out).toMatch(/doors .* failed: .*nobody there/);
    const silo = cluster.silos[0]?.silo.siloId;
    expect(JSON.parse((await shown(cluster, true)).out)).toMatchObject({
      components: [{ name: "orders", health: "open", siloId: silo }, { health: "failed" }],
      unanswered: [],
    });
  });

  it("says that silos without components have none", async () => {
    await using bare = await TestCluster.start({ actors: [Clerk] });
    expect(await shown(bare, false)).toMatchObject({ code: 0, err: "no silo has components" });
  });

  it("lists the types without a cluster, also of packages, and shows one", async () => {
    const { code, out } = await runHere(["components", "types"]);
    expect(code).toBe(0);
    expect(out).toMatch(/state\.in-memory/);
    expect(out).toMatch(/lock\.redis/);
    expect((await runHere(["components", "types", "state.redis"])).out).toContain("redisHost");
    const { types } = JSON.parse((await runHere(["components", "types", "--json"])).out) as {
      types: unknown[];
    };
    expect(types.length).toBeGreaterThan(10);
    const one = await runHere(["components", "types", "lock.redis", "--json"]);
    expect(JSON.parse(one.out)).toMatchObject({ type: "lock.redis", versions: ["v1"] });
  });

  it("names the type that was probably meant", async () => {
    const { code, err } = await runHere(["components", "types", "state.rediss"]);
    expect(code).toBe(2);
    expect(err).toContain("did you mean state.redis?");
  });
});
