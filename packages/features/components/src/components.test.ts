import { VirtualClock } from "@troupe/testkit";
import { beforeEach, describe, expect, it } from "vitest";
import { SecretsBlock, isAllowed } from "./blocks/secrets-block.ts";
import { ComponentCalls } from "./blocks/component-calls.ts";
import type { Components } from "./components.ts";
import { EnvironmentSecrets } from "./kinds/environment-secrets.ts";
import { openComponents } from "./opening/open-components.ts";
import { SecretTexts } from "./opening/secret-texts.ts";

let clock: VirtualClock;
let components: Components;

beforeEach(async () => {
  clock = new VirtualClock();
  components = await openComponents({
    appId: "shop",
    clock,
    components: [
      { name: "orders", type: "State.In-Memory" },
      { name: "locks", type: "lock.in-memory" },
      { name: "settings", type: "configuration.in-memory", metadata: { items: '{"a":"1"}' } },
      { name: "web", type: "bindings.http", metadata: { url: "http://127.0.0.1:1" } },
      { name: "secrets", type: "secretstores.local.env", metadata: { prefix: "SHOP_" } },
    ],
    secretScopes: { secrets: { allowedSecrets: ["KEY"] } },
  });
});

describe("Components", () => {
  it("gives each block by its name, with what it can do", async () => {
    await components.state<number>("orders").set("a", 1);
    expect((await components.state("orders").get("a"))?.value).toBe(1);
    expect(components.state("orders")).toBe(components.state("orders"));
    expect((await components.configuration("settings").get()).get("a")?.value).toBe("1");
    expect(components.binding("web").operations).toContain("post");
    expect(components.list().find(({ name }) => name === "orders")).toEqual({
      name: "orders",
      type: "state.in-memory",
      version: "v1",
      place: "components[0]",
      block: "state",
      health: "open",
      capabilities: ["conditions", "ttl", "transactions", "keys", "strongReads"],
    });
  });

  it("gives a lock to one holder, who renews, releases once, and disposes", async () => {
    const locks = components.lock("locks");
    const lock = await locks.tryAcquire("door", { ttl: "10s" });
    expect(await locks.tryAcquire("door", { ttl: "10s" })).toBeUndefined();
    await clock.advance(9_000);
    expect(await lock?.renew()).toBe(true);
    await clock.advance(9_000);
    expect(await lock?.release()).toBe(true);
    expect(await lock?.release()).toBe(true);
    expect(await lock?.renew()).toBe(false);
    {
      await using second = await locks.tryAcquire("door", { ttl: 1_000 });
      expect(second?.fence).toBeGreaterThan(lock?.fence ?? Number.POSITIVE_INFINITY);
    }
    const third = await locks.tryAcquire("door", { ttl: 1_000 });
    await clock.advance(1_000);
    expect(await third?.renew()).toBe(false);
    expect(await third?.release()).toBe(false);
    for (const options of [{ ttl: 0 }, { ttl: "soon" as "1s" }])
      await expect(locks.tryAcquire("door", options)).rejects.toMatchObject({
        code: "BAD_INPUT",
      });
    await expect(locks.tryAcquire("", { ttl: 5 })).rejects.toMatchObject({ code: "BAD_INPUT" });
  });

  it("refuses an operation that a binding does not have, and says when it cannot reach", async () => {
    const web = components.binding("web");
    await expect(web.invoke("psot")).rejects.toMatchObject({ code: "NOT_SUPPORTED", ran: "no" });
    await expect(web.invoke("post", { a: 1n })).rejects.toMatchObject({ code: "NOT_SERIALIZABLE" });
    await expect(web.invoke("post", { a: 1 })).rejects.toMatchObject({
      code: "COMPONENT_UNAVAILABLE",
    });
  });

  it("gives no secret that the application may not read", async () => {
    const secrets = components.secrets("secrets");
    await expect(secrets.get("OTHER")).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(await secrets.get("KEY")).toBeUndefined();
    expect((await secrets.getAll()).size).toBe(0);
  });

  it("ends everything when it closes", async () => {
    const orders = components.state("orders");
    const items = components.configuration("settings").subscribe();
    await items.next();
    const next = items.next();
    await components.close();
    expect(await next).toEqual({ done: true, value: undefined });
    await expect(orders.get("a")).rejects.toMatchObject({ code: "COMPONENT_UNAVAILABLE" });
    expect(() => components.lock("locks")).toThrow("the components are closed");
    expect(clock.pending).toBe(0);
  });
});

describe("SecretsBlock", () => {
  it("reads a secret again after a minute, and once for many who ask", async () => {
    const variables = { KEY: "first" };
    let reads = 0;
    class Counted extends EnvironmentSecrets {
      override get(name: string) {
        reads++;
        return super.get(name);
      }
    }
    const title = "secrets (secretstores.x)";
    const calls = new ComponentCalls({
      title,
      clock,
      timeoutMs: 1_000,
      secrets: new SecretTexts(),
    });
    const block = new SecretsBlock(new Counted(variables, ""), calls, clock);
    await Promise.all([block.get("KEY"), block.get("KEY"), block.get("KEY")]);
    variables.KEY = "second";
    expect(await block.get("KEY")).toEqual({ KEY: "first" });
    expect(reads).toBe(1);
    await clock.advance(60_000);
    expect(await block.get("KEY")).toEqual({ KEY: "second" });
    expect(reads).toBe(2);
  });

  it("reads a secret again when half of its lease is over", async () => {
    let reads = 0;
    const store = {
      capabilities: { bulk: false },
      get: async () => ({ values: { KEY: String(++reads) }, leaseMs: 10_000 }),
      getAll: async () => new Map(),
      close: async () => undefined,
    };
    const title = "secrets (secretstores.x)";
    const calls = new ComponentCalls({
      title,
      clock,
      timeoutMs: 1_000,
      secrets: new SecretTexts(),
    });
    const block = new SecretsBlock(store, calls, clock);
    expect(await block.get("KEY")).toEqual({ KEY: "1" });
    await clock.advance(4_999);
    expect(await block.get("KEY")).toEqual({ KEY: "1" });
    await clock.advance(1);
    expect(await block.get("KEY")).toEqual({ KEY: "2" });
    await expect(block.getAll()).rejects.toMatchObject({ code: "NOT_SUPPORTED" });
  });

  it("reads scopes as Dapr does", () => {
    expect(isAllowed("a", {})).toBe(true);
    expect(isAllowed("a", { defaultAccess: "deny" })).toBe(false);
    expect(isAllowed("a", { defaultAccess: "deny", allowedSecrets: ["a"] })).toBe(true);
    expect(isAllowed("b", { defaultAccess: "allow", allowedSecrets: ["a"] })).toBe(false);
    expect(isAllowed("a", { allowedSecrets: ["a"], deniedSecrets: ["a"] })).toBe(false);
    expect(isAllowed("b", { deniedSecrets: ["a"] })).toBe(true);
  });
});
