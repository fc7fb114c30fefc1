import { Actor, actor, readonly, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Components } from "../components.ts";
import { componentsExtension } from "../components-extension.ts";
import { InMemoryEvents, inMemoryBindingType } from "../kinds/in-memory-binding.ts";
import { openComponents } from "../opening/open-components.ts";
import type { ComponentDeclaration } from "../reading/read-declarations.ts";
import { HANDLED_MAX } from "./handled-sources.ts";
import { defineTriggers, trigger } from "./trigger.ts";
import type { TriggerEvent } from "./trigger-event.ts";

interface Invoice {
  readonly customer: string;
  readonly amount: number;
  /** The handler throws so often; -1: always. */
  readonly fails?: number;
}

/** How often each event was handled, in vain or not. */
const attempts = new Map<string, number>();

/** How many handlers run, and how many did at the same time. */
const running = { now: 0, most: 0 };

@actor("Customer")
class Customer extends Actor {
  @state() accessor amounts: number[] = [];
  @state() accessor moments: string[] = [];

  @trigger<Invoice>("invoices", {
    id: (event) => event.data.customer,
    concurrency: 4,
    retry: { attempts: 3, backoff: "1s" },
  })
  async onInvoice({ id, data }: TriggerEvent<Invoice>): Promise<void> {
    const count = (attempts.get(id) ?? 0) + 1;
    attempts.set(id, count);
    running.most = Math.max(running.most, ++running.now);
    await Promise.resolve();
    running.now--;
    this.amounts.push(data.amount);
    if (data.fails === -1 || count <= (data.fails ?? 0)) throw new RangeError(`no ${id}`);
  }

  @trigger("hourly", { id: "all" })
  async onHour({ id, data, metadata }: TriggerEvent): Promise<void> {
    if (data !== undefined || metadata["dueAt"] !== id) throw new Error("not as documented");
    this.moments.push(id);
  }

  @readonly() async read(): Promise<readonly number[]> {
    return this.amounts;
  }

  @readonly() async hours(): Promise<readonly string[]> {
    return this.moments;
  }
}

const DECLARED: readonly ComponentDeclaration[] = [
  { name: "invoices", type: "bindings.in-memory" },
  { name: "hourly", type: "bindings.cron", metadata: { schedule: "0 * * * *" } },
];

interface Shop {
  readonly cluster: TestCluster;
  readonly components: Components;
  readonly events: InMemoryEvents;
  put(id: string, invoice: Invoice): void;
}

async function startShop(silos = 1, declared = DECLARED): Promise<Shop> {
  attempts.clear();
  running.most = 0;
  const events = new InMemoryEvents();
  const components = await openComponents({
    appId: "shop",
    components: declared,
    types: [inMemoryBindingType(events)],
  });
  const cluster = await TestCluster.start({
    actors: [Customer],
    silos,
    extensions: [componentsExtension(components)],
  });
  onTestFinished(async () => {
    await cluster[Symbol.asyncDispose]();
    await components.close();
  });
  const put = (id: string, invoice: Invoice): void =>
    events.put(new TextEncoder().encode(JSON.stringify(invoice)), { id });
  return { cluster, components, events, put };
}

function amountsOf({ cluster }: Shop, id: string): Promise<readonly number[]> {
  return cluster.run(cluster.actor(Customer, id).read());
}

/** The dead letters of the trigger's desk. */
function letters({ cluster }: Shop): Promise<readonly { readonly reason: string }[]> {
  const desk = cluster.client.deadLetters("troupe.trigger.Customer", "invoices/onInvoice");
  return cluster.run(desk.list());
}

function hoursOf({ cluster }: Shop): Promise<readonly string[]> {
  return cluster.run(cluster.actor(Customer, "all").hours());
}

describe("an event of a component", () => {
  it("is handled by the actor that the trigger names", async () => {
    const shop = await startShop(2);
    for (const customer of ["ann", "bob"]) shop.put(customer, { customer, amount: 5 });
    await shop.cluster.advance(1_000);
    expect(await amountsOf(shop, "ann")).toEqual([5]);
    expect(await amountsOf(shop, "bob")).toEqual([5]);
  });

  it("takes effect once, however often its source brings it, also after a failover", async () => {
    const shop = await startShop(2);
    for (let count = 0; count < 3; count++) shop.put("one", { customer: "ann", amount: 5 });
    await shop.cluster.advance(1_000);
    expect(await amountsOf(shop, "ann")).toEqual([5]);
    for (const started of Array.from(shop.cluster.silos)) {
      await shop.cluster.startSilo();
      await shop.cluster.stopSilo(started);
    }
    shop.put("one", { customer: "ann", amount: 5 });
    shop.put("two", { customer: "ann", amount: 6 });
    await shop.cluster.advance(1_000);
    expect(await amountsOf(shop, "ann")).toEqual([5, 6]);
  });

  it.each(["away", "deaf"] as const)("is done only when its turn is stored (%s)", async (fault) => {
    const shop = await startShop();
    const [silo] = shop.cluster.silos;
    if (silo === undefined) throw new Error("there is no silo");
    silo.stores.fault = fault;
    shop.put("one", { customer: "ann", amount: 5 });
    await shop.cluster.advance(20_000);
    silo.stores.fault = "up";
    await shop.cluster.advance(60_000);
    expect(await amountsOf(shop, "ann")).toEqual([5]);
    expect(await letters(shop)).toEqual([]);
  });

  it("comes again when its handler throws, and what that had changed is undone", async () => {
    const shop = await startShop();
    shop.put("one", { customer: "ann", amount: 5, fails: 2 });
    await shop.cluster.advance(10_000);
    expect(attempts.get("one")).toBe(3);
    expect(await amountsOf(shop, "ann")).toEqual([5]);
  });

  it("is a dead letter in the end, does not hold up the others, and can be sent again", async () => {
    const shop = await startShop();
    shop.put("poison", { customer: "ann", amount: 5, fails: 13 });
    for (let count = 0; count < 20; count++) shop.put(`${count}`, { customer: "bob", amount: 1 });
    await shop.cluster.advance(500);
    expect(await amountsOf(shop, "bob")).toHaveLength(20);
    await shop.cluster.advance(600_000);
    expect(await letters(shop)).toMatchObject([{ reason: expect.stringContaining("no poison") }]);
    expect(attempts.get("poison")).toBe(3 + 10);
    const desk = shop.cluster.client.deadLetters("troupe.trigger.Customer", "invoices/onInvoice");
    const [letter] = await shop.cluster.run(desk.list());
    expect(await shop.cluster.run(desk.resend(letter?.seq ?? 0))).toBe(true);
    await shop.cluster.advance(10_000);
    expect(await amountsOf(shop, "ann")).toEqual([5]);
    expect(await letters(shop)).toEqual([]);
  });

  it("is a dead letter if no actor can be found for it, or its data is of another form", async () => {
    const shop = await startShop();
    shop.put("lost", { customer: "", amount: 1 });
    shop.events.put(new TextEncoder().encode("{"), { id: "broken" });
    await shop.cluster.advance(600_000);
    const reasons = (await letters(shop)).map(({ reason }) => reason);
    expect(reasons).toHaveLength(2);
    expect(reasons.join("\n")).toMatch(/for the event lost of invoices/);
    expect(reasons.join("\n")).toMatch(/for the event broken of invoices: .*no JSON/);
  });

  it("stays with its source while as many as the trigger allows are under way", async () => {
    const shop = await startShop();
    for (let count = 0; count < 10; count++)
      shop.put(`${count}`, { customer: `${count}`, amount: 1, fails: -1 });
    await shop.cluster.advance(500);
    expect(shop.events.waiting).toBe(6);
    expect(running.most).toBeLessThanOrEqual(4);
  });

  it("goes back to its source when the silo stops, and to one that starts", async () => {
    const shop = await startShop();
    shop.put("one", { customer: "ann", amount: 5, fails: 1 });
    await shop.cluster.advance(100);
    const [first] = shop.cluster.silos;
    if (first === undefined) throw new Error("there is no silo");
    await shop.cluster.stopSilo(first);
    expect(shop.events.waiting).toBe(1);
    await shop.cluster.startSilo();
    await shop.cluster.advance(10_000);
    expect(await amountsOf(shop, "ann")).toEqual([5]);
  });

  it("is remembered with the last 1,000 of its actor", async () => {
    const shop = await startShop();
    for (let count = 0; count <= HANDLED_MAX; count++)
      shop.put(`${count}`, { customer: "ann", amount: count });
    await shop.cluster.advance(5_000);
    expect(await amountsOf(shop, "ann")).toHaveLength(HANDLED_MAX + 1);
    shop.put(String(HANDLED_MAX), { customer: "ann", amount: 0 });
    shop.put("5", { customer: "ann", amount: 0 });
    await shop.cluster.advance(5_000);
    expect(await amountsOf(shop, "ann")).toHaveLength(HANDLED_MAX + 1);
  });
});

describe("bindings.cron", () => {
  const HOUR_MS = 3_600_000;

  it("brings an event once for the cluster at each due time", async () => {
    const shop = await startShop(3);
    await shop.cluster.advance(2 * HOUR_MS);
    const hours = await hoursOf(shop);
    expect(hours).toHaveLength(2);
    expect(hours.every((moment) => moment.endsWith(":00:00.000Z"))).toBe(true);
  });

  it("skips no due time that passes while no silo runs", async () => {
    const shop = await startShop();
    await shop.cluster.advance(HOUR_MS);
    const [first] = shop.cluster.silos;
    if (first === undefined) throw new Error("there is no silo");
    await shop.cluster.stopSilo(first);
    await shop.cluster.advance(3 * HOUR_MS);
    await shop.cluster.startSilo();
    await shop.cluster.advance(60_000);
    const hours = await hoursOf(shop);
    expect(hours).toHaveLength(4);
    expect(new Set(hours).size).toBe(4);
  });
});

describe("a trigger that cannot work", () => {
  it("keeps the silo from starting, and says what is wrong with every one", async () => {
    const declared = [
      { name: "invoice", type: "bindings.in-memory" },
      { name: "hourly", type: "bindings.http", metadata: { url: "http://127.0.0.1:1" } },
    ];
    await expect(startShop(1, declared)).rejects.toMatchObject({
      code: "BAD_CONFIG",
      message: expect.stringMatching(
        /Customer\.onInvoice: .*did you mean invoice\?(.|\n)*Customer\.onHour: .*brings no events/,
      ),
    });
  });

  it("is a mistake of the class", async () => {
    class Wrong extends Actor {
      async take(): Promise<void> {}
    }
    // @ts-expect-error -- a program in JavaScript can give anything.
    defineTriggers(Wrong, { take: ["", { data: "xml", retry: { attempts: 0 }, when: 1 }] });
    const started = TestCluster.start({ actors: [Wrong] });
    await expect(started).rejects.toMatchObject({ code: "BAD_DEFINITION" });
    await expect(started).rejects.toThrow(
      /name of a component.*(.|\n)*no option when(.|\n)*id must be(.|\n)*json, text, bytes(.|\n)*retry\.attempts/,
    );
  });
});
