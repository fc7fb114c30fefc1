import type { StateCapabilities } from "@troupe/core";
import { VirtualClock } from "@troupe/testkit";
import { beforeEach, describe, expect, it } from "vitest";
import { InMemoryItems, InMemoryState } from "../kinds/in-memory-state.ts";
import { SecretTexts } from "../opening/secret-texts.ts";
import { ComponentCalls } from "./component-calls.ts";
import { KeyPrefix } from "./key-prefix.ts";
import { StateBlock } from "./state-block.ts";

const ALL: StateCapabilities = {
  conditions: true,
  ttl: true,
  transactions: true,
  keys: true,
  strongReads: true,
};

/** A component in memory that can do less. */
class LesserState extends InMemoryState {
  override readonly capabilities: StateCapabilities;

  constructor(items: InMemoryItems, clock: VirtualClock, capabilities: object) {
    super(items, clock);
    this.capabilities = { ...ALL, ...capabilities };
  }
}

interface Order {
  readonly total: number;
}

let clock: VirtualClock;
let items: InMemoryItems;

function open<T = Order>(capabilities: object = {}, prefix = "appid"): StateBlock<T> {
  const calls = new ComponentCalls({
    title: "orders (state.x)",
    clock,
    timeoutMs: 1_000,
    secrets: new SecretTexts(),
  });
  const component = new LesserState(items, clock, capabilities);
  return new StateBlock<T>(component, calls, keyPrefix(prefix));
}

function keyPrefix(strategy: string, namespace?: string): KeyPrefix {
  return new KeyPrefix({ strategy, appId: "shop", component: "orders", namespace });
}

beforeEach(() => {
  clock = new VirtualClock();
  items = new InMemoryItems();
});

describe("StateBlock", () => {
  it("sets, gets, lists and deletes items, under the prefix of the application", async () => {
    const orders = open();
    const etag = await orders.set("17", { total: 5 });
    expect(await orders.get("17")).toEqual({ value: { total: 5 }, etag });
    expect([...items.items.keys()]).toEqual(["shop||17"]);
    await orders.setMany([
      { key: "18", value: { total: 6 } },
      { key: "2", value: { total: 7 } },
    ]);
    expect((await orders.getMany(["18", "none", "17"])).map((one) => one?.value.total)).toEqual([
      6,
      undefined,
      5,
    ]);
    expect(await orders.keys({ prefix: "1" })).toEqual({ keys: ["17", "18"], next: undefined });
    const page = await orders.keys({ limit: 2 });
    expect(page.keys).toEqual(["17", "18"]);
    expect((await orders.keys({ limit: 2, after: page.next })).keys).toEqual(["2"]);
    await orders.delete("17");
    expect(await orders.get("17")).toBeUndefined();
  });

  it.each([
    ["none", "17"],
    ["name", "orders||17"],
    ["old", "old||17"],
  ])("keeps keys apart by the prefix %s", async (prefix, stored) => {
    await open({}, prefix).set("17", { total: 5 });
    expect([...items.items.keys()]).toEqual([stored]);
    expect((await open({}, prefix).keys()).keys).toEqual(["17"]);
  });

  it("puts the namespace before the application, and says when there is none", () => {
    expect(keyPrefix("namespace", "prod").stored("17")).toBe("prod.shop||17");
    expect(() => keyPrefix("namespace")).toThrow("needs the variable NAMESPACE");
  });

  it("refuses a write whose etag or absence does not hold, and names the key (K1)", async () => {
    const orders = open();
    const etag = await orders.set("17", { total: 5 }, { ifAbsent: true });
    await orders.set("17", { total: 6 }, { etag });
    const conflict = {
      code: "CONFLICT",
      ran: "no",
      detail: 'orders (state.x): "17" is not as the condition says; read again and decide again',
    };
    await expect(orders.set("17", { total: 7 }, { etag })).rejects.toMatchObject(conflict);
    await expect(orders.set("17", { total: 7 }, { ifAbsent: true })).rejects.toMatchObject(
      conflict,
    );
    await expect(orders.delete("17", { etag })).rejects.toMatchObject(conflict);
    const many = orders.setMany([
      { key: "17", value: { total: 8 }, etag },
      { key: "18", value: { total: 8 } },
    ]);
    await expect(many).rejects.toMatchObject(conflict);
    expect((await orders.get("17"))?.value.total).toBe(6);
    expect((await orders.get("18"))?.value.total).toBe(8);
  });

  it("does all operations of a transaction or none (K2), and ends items in time (K3)", async () => {
    const orders = open();
    await orders.set("old", { total: 1 });
    await orders.transaction([
      { kind: "set", key: "new", value: { total: 2 }, ttl: "10s" },
      { kind: "delete", key: "old" },
    ]);
    expect(await orders.getMany(["old", "new"])).toMatchObject([
      undefined,
      { value: { total: 2 } },
    ]);
    const refused = orders.transaction([
      { kind: "set", key: "other", value: { total: 3 } },
      { kind: "delete", key: "old", etag: "1" },
    ]);
    await expect(refused).rejects.toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining('"old"'),
    });
    expect(await orders.get("other")).toBeUndefined();
    await clock.advance(10_000);
    expect(await orders.get("new")).toBeUndefined();
  });

  it("says what the component cannot do, before it asks for anything", async () => {
    const value = { total: 1 };
    const calls: [string, object, (orders: StateBlock<Order>) => Promise<unknown>][] = [
      ["check an etag", { conditions: false }, (one) => one.set("a", value, { etag: "1" })],
      ["check an etag", { conditions: false }, (one) => one.delete("a", { etag: "1" })],
      ["end by themselves", { ttl: false }, (one) => one.set("a", value, { ttl: "1s" })],
      ["list keys", { keys: false }, (one) => one.keys()],
      ["last write", { strongReads: false }, (one) => one.get("a", { consistency: "strong" })],
      [
        "several changes",
        { transactions: false },
        (one) => one.transaction([{ kind: "set", key: "a", value }]),
      ],
    ];
    for (const [what, capabilities, call] of calls)
      await expect(call(open(capabilities))).rejects.toMatchObject({
        code: "NOT_SUPPORTED",
        ran: "no",
        message: expect.stringContaining(what),
      });
    expect(items.items.size).toBe(0);
    expect(await open({ strongReads: false }).get("a")).toBeUndefined();
  });

  it("refuses keys and options that are wrong", async () => {
    const orders = open();
    const value = { total: 1 };
    for (const call of [
      orders.get(""),
      orders.get("a||b"),
      orders.set("x".repeat(1_025), value),
      orders.get("\ud800"),
      orders.set("a", value, { ttl: 0 }),
      orders.set("a", value, { ttl: "soon" as "1s" }),
      orders.set("a", value, { etag: "1", ifAbsent: true }),
      orders.keys({ limit: 0 }),
      orders.keys({ limit: 5_000 }),
      orders.setMany([
        { key: "a", value },
        { key: "a", value },
      ]),
      orders.transaction([
        { kind: "set", key: "a", value },
        { kind: "delete", key: "a" },
      ]),
      orders.getMany(Array.from({ length: 10_001 }, () => "a")),
    ])
      await expect(call).rejects.toMatchObject({ code: "BAD_INPUT", ran: "no" });
    expect(items.items.size).toBe(0);
  });

  it.each<[unknown, string]>([
    [undefined, 'the value of "a" is undefined'],
    [{ when: new Date(0) }, 'the value of "a".when is a Date'],
    [{ list: [1, 2n] }, 'the value of "a".list[1] is a bigint'],
    [Number.NaN, 'the value of "a" is NaN'],
    [new Map(), 'the value of "a" is a Map'],
    [[1, undefined], 'the value of "a"[1] is undefined'],
    [() => 1, 'the value of "a" is a function'],
  ])("refuses %s, which JSON would change", async (value, message) => {
    await expect(open<unknown>().set("a", value)).rejects.toMatchObject({
      code: "NOT_SERIALIZABLE",
      message: expect.stringContaining(message),
    });
  });

  it("refuses a value that is too large or too deep, and says what is no JSON", async () => {
    const states = open<unknown>();
    await expect(states.set("a", "x".repeat(5_000_000))).rejects.toMatchObject({
      code: "PAYLOAD_TOO_LARGE",
    });
    let deep: unknown[] = [];
    for (let depth = 0; depth < 600; depth++) deep = [deep];
    await expect(states.set("a", deep)).rejects.toThrow(/deeper than 500/);
    const raw = new InMemoryState(items, clock);
    await raw.write([{ kind: "set", key: "shop||b", data: "no json" }]);
    await expect(states.get("b")).rejects.toThrow('orders (state.x) "b" is no JSON');
  });
});
