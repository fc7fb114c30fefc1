import { describe, expect, it } from "vitest";
import {
  Actor,
  actor,
  type BehaviourOptions,
  defineBehaviour,
  definitionsOf,
  digestOf,
} from "@troupe/sdk";

const activate: BehaviourOptions["activate"] = () => ({ invoke: () => undefined });

const wrong = (options: unknown, name = "Sample") => {
  try {
    defineBehaviour(name, options as BehaviourOptions);
    return "";
  } catch (error) {
    return String(error);
  }
};

function digest(handlers: BehaviourOptions["handlers"] = {}): string {
  return digestOf(defineBehaviour("Sample", { activate, handlers }));
}

describe("defineBehaviour", () => {
  it("gives a definition with the options of a type, its methods, slots and handlers", () => {
    const definition = defineBehaviour("Sample", {
      activate,
      idleAfter: "5s",
      methods: { read: { readonly: true }, tell: { oneWay: true, idempotent: true }, add: {} },
      state: { total: {}, cache: { save: "manual" } },
      handlers: { reminder: { wake: "add" }, topic: { orders: "tell" } },
    });
    expect(definition).toMatchObject({ name: "Sample", idleAfterMs: 5_000, version: 1 });
    expect(definition.methodOf("read")).toMatchObject({ concurrency: "readonly", oneWay: false });
    expect(definition.methodOf("tell")).toMatchObject({ oneWay: true, idempotent: true });
    expect(definition.methodOf("other")).toBeUndefined();
    expect(definition.slots).toEqual([
      { name: "total", save: "turn", isFrozen: false },
      { name: "cache", save: "manual", isFrozen: false },
    ]);
    expect(definition.handlers.get("topic")?.get("orders")).toBe("tell");
  });

  it("lets in methods that it does not name, but none that belong to others", () => {
    const { methodOf } = defineBehaviour("Sample", {
      activate,
      openMethods: (name) => (name === "hidden" ? undefined : { interleave: true }),
    });
    expect(methodOf("anything")).toMatchObject({ name: "anything", concurrency: "interleave" });
    for (const name of ["hidden", "$reminder", "then", "toString", ""])
      expect(methodOf(name)).toBeUndefined();
  });

  it("says everything that is wrong", () => {
    expect(wrong({}, "A/b")).toMatch(/the type name "A\/b" has .*activate must be a function/s);
    expect(wrong({ activate, openMethods: 5 })).toMatch(/openMethods must be a function/);
    expect(wrong({ activate, methods: { $x: {} } })).toMatch(/"\$x" begins with \$/);
    expect(wrong({ activate, methods: { read: { redonly: true } } })).toMatch(/redonly/);
    expect(wrong({ activate, idleAfter: "x", other: 1 })).toMatch(/have no "other".*idleAfter/s);
    expect(wrong({ activate, state: { n: { save: "never" } } })).toMatch(/the state slot n/);
    expect(wrong({ activate, handlers: { reminder: 5 } })).toMatch(/handlers\.reminder must be/);
    expect(wrong(undefined)).toMatch(/activate must be a function/);
  });

  it("has a digest that handlers of other kinds are a part of", () => {
    expect(
      new Set([digest(), digest({ topic: { a: "x" } }), digest({ topic: { b: "x" } })]).size,
    ).toBe(3);
    expect(digest({ topic: {} })).toBe(digest());
  });

  it("goes into a silo's actors beside classes, and its name must be its own", () => {
    @actor("Account")
    class Account extends Actor {}
    const sample = defineBehaviour("Sample", { activate });
    expect([...definitionsOf([Account, sample, sample]).keys()]).toEqual(["Account", "Sample"]);
    expect(() => definitionsOf([Account, defineBehaviour("Account", { activate })])).toThrow(
      /the type name "Account" is also that of Account at /,
    );
  });
});
