import { runInTurn, type TurnScope } from "@troupe/client";
import { type Fields, packField } from "@troupe/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StateSlots } from "./state-slots.ts";

const ADDRESS = { type: "Account", id: "alice" };
const SLOTS = [
  { name: "count", save: "turn" as const, isFrozen: false },
  { name: "list", save: "turn" as const, isFrozen: false },
  { name: "map", save: "turn" as const, isFrozen: false },
  { name: "notes", save: "manual" as const, isFrozen: false },
];

/** A turn that may write, as slots look at it. */
const TURN = { ended: false, isReadonly: false, willWrite() {} } as unknown as TurnScope;

interface Contents {
  count: unknown;
  list: { readonly amount: number }[];
  map: Map<string, Set<number>>;
  notes: string[];
}

const first = (): Contents => ({ count: 0, list: [], map: new Map(), notes: [] });

/** Slots as an activation has them, over the fields that a store has. */
class Desk {
  readonly fields: Map<string, Uint8Array>;
  readonly slots = new StateSlots({ address: ADDRESS, makeReference: () => undefined }, SLOTS);

  constructor(fields: Fields = new Map()) {
    this.fields = new Map(fields);
    this.slots.load(fields);
    for (const [name, value] of Object.entries(first())) this.slots.initialise(name, value);
  }

  read<K extends keyof Contents>(name: K): Contents[K] {
    return this.slots.read(name) as Contents[K];
  }

  write(name: string, value: unknown): void {
    runInTurn(TURN, () => this.slots.write(name, value), undefined);
  }

  /** Stores what changed, and gives the names of the fields that did. */
  commit(withManual = false): string[] {
    if (withManual) this.slots.includeManual();
    const changes = this.slots.collect();
    this.slots.adopt();
    for (const { field, after } of changes) {
      this.fields.set(field, Uint8Array.from(packField(after)));
    }
    return changes.map(({ field }) => field).toSorted();
  }

  get contents(): Contents {
    return structuredClone({
      count: this.read("count"),
      list: this.read("list"),
      map: this.read("map"),
      notes: this.read("notes"),
    });
  }
}

describe("state slots", () => {
  it("refuse to be assigned outside of a turn, where nothing would store it", () => {
    const desk = new Desk();
    expect(() => desk.slots.write("count", 1)).toThrowError(
      expect.objectContaining({ code: "READONLY_WRITE" }),
    );
    expect(desk.read("count")).toBe(0);
  });

  it("have nothing to store before anything changes, also when they are read", () => {
    const desk = new Desk();
    expect(desk.contents).toEqual(first());
    expect(desk.slots.hasChanges()).toBe(false);
    expect(desk.commit()).toEqual([]);
  });

  it("store what was assigned and what was changed in place, once", () => {
    const desk = new Desk();
    desk.write("count", 5);
    desk.read("list").push({ amount: 1 });
    expect(desk.slots.hasChanges()).toBe(true);
    expect(desk.commit()).toEqual(["s:count", "s:list"]);
    expect(desk.slots.hasChanges()).toBe(false);
    expect(desk.commit()).toEqual([]);
  });

  it("store nothing for a change that was undone, or an assignment of what was there", () => {
    const desk = new Desk();
    desk.write("count", 1);
    desk.write("count", 0);
    desk.read("list").push({ amount: 1 });
    desk.read("list").pop();
    desk.write("map", new Map());
    expect(desk.commit()).toEqual([]);
  });

  it("come back from the store, and their initialisers do not count then", () => {
    const desk = new Desk();
    desk.write("count", undefined);
    desk.read("map").set("x", new Set([1]));
    desk.commit();
    const again = new Desk(desk.fields);
    expect(again.contents).toEqual({
      ...first(),
      count: undefined,
      map: new Map([["x", new Set([1])]]),
    });
  });

  it("keep manual ones out until they are asked for, and do not roll them back", () => {
    const desk = new Desk();
    desk.read("notes").push("kept in memory");
    desk.write("count", 1);
    expect(desk.commit()).toEqual(["s:count"]);
    desk.slots.rollback();
    expect(desk.read("notes")).toEqual(["kept in memory"]);
    expect(desk.slots.hasChanges()).toBe(false);
    expect(desk.commit(true)).toEqual(["s:notes"]);
  });

  it("refuse what cannot be stored with its path, and can be rolled back then", () => {
    const desk = new Desk();
    (desk.read("list") as unknown[]).push({ done: () => 1 });
    expect(desk.slots.hasChanges()).toBe(true);
    expect(() => desk.commit()).toThrowError(
      expect.objectContaining({
        code: "NOT_SERIALIZABLE",
        message: expect.stringContaining("state.list[0].done"),
      }),
    );
    desk.slots.rollback();
    expect(desk.contents).toEqual(first());
  });

  it("change between values that can be changed from within and others", () => {
    const desk = new Desk();
    for (const value of [
      [1],
      5,
      new Date(7),
      "text",
      null,
      new Float64Array([1.5]),
      undefined,
      { x: 1n },
      true,
    ]) {
      desk.write("count", value);
      expect(desk.commit()).toEqual(["s:count"]);
      expect(desk.read("count")).toEqual(value);
      desk.write("count", "else");
      desk.slots.rollback();
      expect(desk.read("count")).toEqual(value);
      expect(new Desk(desk.fields).read("count")).toEqual(value);
    }
  });

  it("are what a plain copy would be, whatever turns do", () => {
    const mutation = fc.oneof(
      fc.record({
        kind: fc.constant("assign" as const),
        value: fc.oneof(fc.integer(), fc.string(), fc.date(), fc.uint8Array()),
      }),
      fc.record({ kind: fc.constant("push" as const), amount: fc.integer() }),
      fc.record({
        kind: fc.constant("replace" as const),
        amounts: fc.array(fc.integer(), { maxLength: 3 }),
      }),
      fc.record({
        kind: fc.constant("put" as const),
        key: fc.constantFrom("a", "b"),
        value: fc.integer({ min: 0, max: 3 }),
      }),
      fc.record({ kind: fc.constant("drop" as const), key: fc.constantFrom("a", "b") }),
      fc.record({ kind: fc.constant("clear" as const) }),
    );
    const turn = fc.record({
      mutations: fc.array(mutation, { maxLength: 4 }),
      end: fc.constantFrom(
        "commit" as const,
        "commit" as const,
        "throw" as const,
        "restart" as const,
      ),
    });
    fc.assert(
      fc.property(fc.array(turn, { maxLength: 15 }), (turns) => {
        let desk = new Desk();
        let stored = first();
        for (const { mutations, end } of turns) {
          const live = structuredClone(stored);
          for (const one of mutations) {
            mutate(one, live, (name, value) => {
              live[name] = value;
            });
            mutate(
              one,
              undefined,
              (name, value) => desk.write(name, value),
              (name) => desk.read(name),
            );
          }
          expect(desk.contents).toEqual(live);
          if (end === "commit") {
            desk.commit();
            stored = live;
          } else if (end === "throw") {
            desk.slots.rollback();
          } else {
            desk = new Desk(desk.fields);
          }
          expect(desk.contents).toEqual(stored);
        }
      }),
      { numRuns: 200 },
    );
  });
});

type Mutation =
  | { readonly kind: "assign"; readonly value: unknown }
  | { readonly kind: "push"; readonly amount: number }
  | { readonly kind: "replace"; readonly amounts: readonly number[] }
  | { readonly kind: "put"; readonly key: string; readonly value: number }
  | { readonly kind: "drop"; readonly key: string }
  | { readonly kind: "clear" };

/** One thing that a turn does to its state. */
function mutate(
  mutation: Mutation,
  plain: Contents | undefined,
  write: <K extends keyof Contents>(name: K, value: Contents[K]) => void,
  read: <K extends keyof Contents>(name: K) => Contents[K] = (name) => (plain ?? first())[name],
): void {
  switch (mutation.kind) {
    case "assign":
      write("count", mutation.value);
      return;
    case "push":
      read("list").push({ amount: mutation.amount });
      return;
    case "replace":
      write(
        "list",
        mutation.amounts.map((amount) => ({ amount })),
      );
      return;
    case "put": {
      const map = read("map");
      map.set(mutation.key, (map.get(mutation.key) ?? new Set()).add(mutation.value));
      return;
    }
    case "drop":
      read("map").delete(mutation.key);
      return;
    case "clear":
      read("list").length = 0;
      return;
  }
}
