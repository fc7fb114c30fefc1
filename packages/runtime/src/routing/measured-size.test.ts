import { MESSAGE_MAX_BYTES, toPortable } from "@troupe/core";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { withMeasuredSize } from "./measured-size.ts";

it("gives the payload of an honest sender back as it is", () => {
  const values = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
    withNullPrototype: false,
  });
  fc.assert(
    fc.property(fc.array(values), (args) => {
      const payload = toPortable(args, { root: "args" });
      expect(withMeasuredSize(payload)).toBe(payload);
    }),
  );
});

it.each([
  ["bytes", [new Uint8Array(3_000_000)]],
  ["text", ["x".repeat(3_000_000)]],
  ["many small values", [Array.from({ length: 3_000_000 }, () => 1)]],
  ["a map", [new Map([["k".repeat(3_000_000), 1]])]],
])("counts %s of a sender that says that it sends nothing", (_, value) => {
  expect(withMeasuredSize({ value, revive: false, size: 0 }).size).toBeGreaterThanOrEqual(
    3_000_000,
  );
});

it("comes to an end with a value that holds itself, and counts no more than a message may have", () => {
  const loop: unknown[] = [];
  loop.push(loop, loop);
  expect(withMeasuredSize({ value: loop, revive: false, size: 0 }).size).toBeLessThan(10);
  const value = [new Uint8Array(MESSAGE_MAX_BYTES), new Uint8Array(MESSAGE_MAX_BYTES)];
  expect(withMeasuredSize({ value, revive: false, size: 0 }).size).toBe(MESSAGE_MAX_BYTES);
});
