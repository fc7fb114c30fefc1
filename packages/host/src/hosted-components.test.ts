import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockActor } from "@troupe/components";
import { componentType, silentLogger, TroupeError } from "@troupe/core";
import { Actor, actor, connect, type Silo, startSilo } from "troupe";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

@actor("Clerk")
class Clerk extends Actor {
  async note(key: string, value: number): Promise<string> {
    return this.components.state<number>("orders").set(key, value);
  }

  async noted(key: string): Promise<number | undefined> {
    return (await this.components.state<number>("orders").get(key))?.value;
  }

  async slow(): Promise<string> {
    const { code } = await this.components
      .binding("never")
      .invoke("get")
      .then(
        () => new TroupeError("INTERNAL", "answered"),
        (error: TroupeError) => error,
      );
    return code;
  }
}

const neverType = componentType({
  type: "bindings.never",
  block: "bindings",
  summary: "Never answers.",
  metadata: {},
  open: async () => ({
    operations: ["get"],
    invoke: () => new Promise(() => undefined),
    close: async () => undefined,
  }),
});

const ORDERS = `
apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: orders
spec:
  type: state.in-memory
  version: v1
scopes: [hosted]
`;

const PLACE = { cluster: "hosted", membership: "memory:hosted", logger: silentLogger };

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "troupe-components-"));
  writeFileSync(join(folder, "orders.yaml"), ORDERS);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function start(components: Parameters<typeof startSilo>[0]["components"]): Promise<Silo> {
  return startSilo({
    ...PLACE,
    actors: [Clerk],
    ...(components === undefined ? {} : { components }),
  });
}

describe("startSilo with components", () => {
  it("opens the files of a folder, for the program and for actors", async () => {
    await using silo = await start(folder);
    await silo.actor(Clerk, "a").note("1", 5);
    expect(await silo.actor(Clerk, "b").noted("1")).toBe(5);
    expect((await silo.components.state("orders").get("1"))?.value).toBe(5);
    expect(silo.components.list()).toMatchObject([{ name: "orders", health: "open" }]);
  });

  it("opens a list, and locks that are actors without anybody hosting them", async () => {
    await using silo = await start([{ name: "doors", type: "lock.builtin" }]);
    const first = await silo.components.lock("doors").tryAcquire("one", { ttl: "1m" });
    expect(first).toBeDefined();
    expect(await silo.components.lock("doors").tryAcquire("one", { ttl: "1m" })).toBeUndefined();
    await using cluster = await connect({
      cluster: "hosted",
      membership: "memory:hosted",
      components: [{ name: "doors", type: "lock.builtin" }],
    });
    const locks = cluster.components.lock("doors");
    expect(await locks.tryAcquire("one", { ttl: "1m" })).toBeUndefined();
  });

  it("takes a lockActor that the program hosts as well", async () => {
    const components = [{ name: "doors", type: "lock.builtin" }];
    await using silo = await startSilo({ ...PLACE, actors: [lockActor], components });
    expect(await silo.components.lock("doors").tryAcquire("x", { ttl: "1m" })).toBeDefined();
  });

  it("ends a component's call with the deadline of the turn", async () => {
    const from = [{ name: "never", type: "bindings.never" }];
    await using silo = await start({ from, types: [neverType], callTimeout: "1h" });
    const slow = silo.actor(Clerk, "a", { timeout: "200ms" }).slow();
    // The turn may hear of the end before its caller does.
    expect(await slow.catch((error: TroupeError) => error.code)).toBe("TIMEOUT");
    await expect
      .poll(() => silo.components.list()[0], { timeout: 5_000 })
      .toMatchObject({ health: "failing", reason: expect.stringContaining("no answer within") });
  });

  it("says everything that is wrong, with file and line, before anything starts", async () => {
    const wrong = join(folder, "wrong");
    const file = join(folder, "wrong.yaml");
    writeFileSync(file, ORDERS.replace("state.in-memory", "state.in-memori"));
    const started = start(file);
    await expect(started).rejects.toMatchObject({
      code: "BAD_CONFIG",
      message: expect.stringMatching(/wrong\.yaml:\d+: .*did you mean state\.in-memory\?/),
    });
    await expect(start(wrong)).rejects.toMatchObject({ code: "BAD_CONFIG" });
    rmSync(file);
  });

  it("says what to give when the option is none", async () => {
    // @ts-expect-error -- a program in JavaScript can give anything.
    const started = start(7);
    await expect(started).rejects.toMatchObject({
      code: "BAD_CONFIG",
      message: expect.stringContaining("components (startSilo) 7: give a folder such as"),
    });
  });

  it("has none without the option, and says so", async () => {
    await using silo = await start(undefined);
    expect(() => silo.components).toThrow(/give startSilo the option components/);
    await expect(silo.actor(Clerk, "a").noted("1")).rejects.toThrow(/components/);
  });
});
