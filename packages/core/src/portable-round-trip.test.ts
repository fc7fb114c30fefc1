import { deepStrictEqual } from "node:assert/strict";
import { everyKindOfValue, makeTestReference, TestReference } from "@troupe/conformance";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromPortable } from "./from-portable.ts";
import { toPortable } from "./to-portable.ts";
import { createValuePacker } from "./value-packer.ts";

const packer = createValuePacker();

/** Through a copy within one process. */
function copied(value: unknown): unknown {
  return fromPortable(toPortable(value, { root: "value" }), makeTestReference);
}

/** Through the bytes that go to another process or to the store. */
function sent(value: unknown): unknown {
  const payload = toPortable(value, { root: "value" });
  return fromPortable(
    { ...payload, value: packer.unpack(packer.pack(payload.value)) },
    makeTestReference,
  );
}

const text = fc.string({ unit: "grapheme" });
const key = fc
  .oneof(text, fc.constantFrom("constructor", "toString", "toJSON", "entries", "0", "10"))
  .filter((name) => name !== "__proto__");

const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.double().map((number) => number + 0),
    fc.integer(),
    fc.bigInt(),
    text,
    fc.boolean(),
    fc.constantFrom(null, undefined, /a\/b/giu, new DataView(new Uint8Array([1, 2, 3]).buffer, 1)),
    fc.date(),
    fc.uint8Array({ maxLength: 50 }),
    fc.float64Array({ maxLength: 5 }),
    fc.int16Array({ maxLength: 5 }),
    fc.bigInt64Array({ maxLength: 5 }),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => bytes.buffer),
    fc.tuple(text, text).map(([type, id]) => new TestReference({ type, id })),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(key, tie("value"), { maxKeys: 5, noNullPrototype: true }),
    fc
      .array(fc.tuple(tie("value"), tie("value")), { maxLength: 4 })
      .map((entries) => new Map(entries)),
    fc.array(tie("value"), { maxLength: 4 }).map((items) => new Set(items)),
    fc
      .tuple(text, tie("value"), tie("value"))
      .map(([message, cause, field]) =>
        Object.assign(new RangeError(message, { cause }), { field }),
      ),
  ),
}));

describe("values on their way", () => {
  it.each([
    ["within a process", copied],
    ["to another process", sent],
  ])("arrive as they were: %s", (_, travel) => {
    fc.assert(
      fc.property(anyValue, (value) => {
        deepStrictEqual(travel(value), value);
      }),
      { numRuns: 300 },
    );
    const every = everyKindOfValue();
    expect(travel(every)).toEqual(every);
  });

  it("keep their graph: what was shared is shared, and what held itself holds itself", () => {
    fc.assert(
      fc.property(anyGraph, (root) => {
        expectSameGraph(root, copied(root));
        expectSameGraph(root, sent(root));
      }),
      { numRuns: 500 },
    );
  });

  it("are copies: no container is the sender's own", () => {
    const value = everyKindOfValue();
    const mine = new Set<unknown>(
      Object.values(value).filter((field) => typeof field === "object"),
    );
    for (const field of Object.values(copied(value) as object)) expect(mine.has(field)).toBe(false);
  });

  it("arrive as binary data of their own, not as a view of what came with it", () => {
    const [bytes, view] = sent([
      new Uint8Array([1, 2, 3]),
      Buffer.from("secret").subarray(1, 3),
    ]) as [Uint8Array, Uint8Array];
    expect([bytes.constructor, view.constructor]).toEqual([Uint8Array, Uint8Array]);
    expect([bytes.buffer.byteLength, view.buffer.byteLength]).toEqual([3, 2]);
    expect([...view]).toEqual([...Buffer.from("ec")]);
  });
});

type Kind = "object" | "array" | "map" | "map key" | "set" | "error";

/** The root of a random graph of containers, in which everything may hold everything. */
const anyGraph: fc.Arbitrary<unknown> = fc
  .tuple(
    fc.array(fc.constantFrom<Kind>("object", "array", "map", "map key", "set", "error"), {
      minLength: 1,
      maxLength: 7,
    }),
    fc.array(fc.tuple(fc.nat(6), fc.nat(6)), { maxLength: 16 }),
  )
  .map(([kinds, edges]) => {
    const nodes = kinds.map(makeNode);
    for (const [index, [from, to]] of edges.entries()) {
      const [kind, holder, held] = [
        kinds[from % kinds.length],
        nodes[from % kinds.length],
        nodes[to % kinds.length],
      ];
      if (kind !== undefined) hold(kind, holder, { held, name: `edge ${index}` });
    }
    return nodes[0];
  });

function makeNode(kind: Kind): unknown {
  switch (kind) {
    case "object":
      return {};
    case "array":
      return [];
    case "map":
    case "map key":
      return new Map();
    case "set":
      return new Set();
    case "error":
      return new TypeError("in a graph");
  }
}

function hold(
  kind: Kind,
  holder: unknown,
  { held, name }: { readonly held: unknown; readonly name: string },
): void {
  switch (kind) {
    case "object":
    case "error":
      Object.assign(holder as object, { [name]: held });
      return;
    case "array":
      (holder as unknown[]).push(held);
      return;
    case "map":
      (holder as Map<unknown, unknown>).set(name, held);
      return;
    case "map key":
      (holder as Map<unknown, unknown>).set(held, name);
      return;
    case "set":
      (holder as Set<unknown>).add(held);
      return;
  }
}

/** Walks both graphs side by side: the same steps must lead to the same places. */
function expectSameGraph(
  expected: unknown,
  actual: unknown,
  twins = new Map<unknown, unknown>(),
): void {
  if (typeof expected !== "object" || expected === null) return expect(actual).toBe(expected);
  if (twins.has(expected)) return expect(twins.get(expected) === actual).toBe(true);
  expect([...twins.values()].includes(actual)).toBe(false);
  twins.set(expected, actual);
  expect(Object.getPrototypeOf(actual)).toBe(Object.getPrototypeOf(expected));
  const [steps, twinSteps] = [stepsOf(expected), stepsOf(actual as object)];
  expect(twinSteps.length).toBe(steps.length);
  for (const [index, step] of steps.entries()) expectSameGraph(step, twinSteps[index], twins);
}

function stepsOf(container: object): unknown[] {
  if (container instanceof Map) return [...container].flat();
  if (container instanceof Set) return [...container];
  return Object.entries(container).flat();
}
