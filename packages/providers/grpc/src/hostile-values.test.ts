import { anyHostileValue, makeTestReference } from "@troupe/conformance";
import {
  errorToPortable,
  fromPortable,
  type Payload,
  toPortable,
  TroupeError,
  VALUE_MAX_DEPTH,
} from "@troupe/core";
import * as fc from "fast-check";
import { inspect } from "node:util";
import { expect, it } from "vitest";
import { BatchDecoder } from "./batch-decoder.ts";
import { BatchEncoder } from "./batch-encoder.ts";

const encoder = new BatchEncoder();
const decoder = new BatchDecoder();

/**
 * The value as the other end of a link sees it. Throws a `WireError` if it would break the link.
 */
function acrossLink(payload: Payload): unknown {
  encoder.begin(0);
  encoder.add({ kind: "reply", callId: 1, outcome: { kind: "value", payload } });
  decoder.open(encoder.finish(), 0);
  const envelope = decoder.next();
  if (envelope?.kind !== "reply" || envelope.outcome.kind === "refused")
    throw new Error("another envelope came out than went in");
  return fromPortable(envelope.outcome.payload, makeTestReference);
}

function shown(value: unknown): string {
  return inspect(value, { depth: 20, sorted: true, maxArrayLength: 1_000 });
}

/** The payload of a value that may travel, or undefined for one that is refused. */
function accepted(value: unknown): Payload | undefined {
  try {
    return toPortable(value, { root: "v" });
  } catch (error) {
    expect(error).toBeInstanceOf(TroupeError);
    return undefined;
  }
}

it("carries every value that is accepted, and every error, without a break of the link", () => {
  fc.assert(
    fc.property(anyHostileValue, (make) => {
      const value = make();
      const twice = [accepted(value), accepted(value)] as const;
      const [first, second] = twice;
      if (first !== undefined && second !== undefined)
        expect(shown(acrossLink(first))).toBe(shown(fromPortable(second, makeTestReference)));
      const local = fromPortable(errorToPortable(value), makeTestReference);
      expect(shown(acrossLink(errorToPortable(value)))).toBe(shown(local));
    }),
    { numRuns: 1_000, seed: 20_261_126 },
  );
});

it.each<[string, (inner: unknown) => unknown]>([
  ["arrays", (inner) => [inner]],
  ["objects", (inner) => ({ inner })],
  ["maps", (inner) => new Map([["inner", inner]])],
  ["keys of maps", (inner) => new Map([[inner, 1]])],
  ["sets", (inner) => new Set([inner])],
  ["errors", (inner) => new Error("outer", { cause: inner })],
  ["bare objects", (inner) => Object.assign(Object.create(null) as object, { inner })],
  ["arrays with fields", (inner) => Object.assign([inner, inner], { inner })],
])("carries %s that nest as deep as is allowed, each of them shared", (_, wrap) => {
  let value: unknown = -0;
  for (let level = 0; level < VALUE_MAX_DEPTH - 1; level++) value = wrap(value);
  const payload = toPortable([value, value], { root: "v" });
  const [one, other] = acrossLink(payload) as [unknown, unknown];
  expect(one).toBe(other);
});

it("carries as many small containers as fit into a message", () => {
  const makers = [
    () => new Set<unknown>(),
    () => new Map<unknown, unknown>(),
    () => Object.create(null) as unknown,
    () => -0,
    () => "\ud83d",
    () => /a/,
  ];
  for (const make of makers) {
    let count = 1;
    for (; accepted(Array.from({ length: count * 2 }, make)) !== undefined;) count *= 2;
    const payload = accepted(Array.from({ length: count }, make));
    if (payload !== undefined) expect(acrossLink(payload)).toHaveLength(count);
  }
}, 120_000);
