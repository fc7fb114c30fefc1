import { ACTOR_ID_MAX_BYTES, NAME_MAX_BYTES, REMINDER_BUCKETS } from "@troupe/core";
import {
  assert,
  constant,
  constantFrom,
  double,
  integer,
  oneof,
  property,
  record,
  string,
} from "fast-check";
import { expect, it } from "vitest";
import { bucketEnd, bucketKey, dueKey, parseDueKey } from "./due-key.ts";

const time = oneof(
  integer(),
  double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  constant(Number.MAX_SAFE_INTEGER),
);
const entry = record({
  bucket: integer({ min: 0, max: REMINDER_BUCKETS - 1 }),
  address: record({ type: string({ minLength: 1 }), id: string({ unit: "binary", minLength: 1 }) }),
  name: string({ unit: "binary" }),
  dueAt: time,
  tag: string({ unit: constantFrom("0", "9", "a", "Z", ".", ":", "_", "-"), maxLength: 64 }),
});

it("gives back the entry", () => {
  assert(
    property(entry, (one) => {
      expect(parseDueKey(dueKey(one))).toEqual(one);
    }),
  );
});

it("sorts the entries of a bucket by time, and takes until as it is said", () => {
  assert(
    property(entry, entry, (a, b) => {
      const other = { ...b, bucket: a.bucket };
      if (a.dueAt !== other.dueAt)
        expect(dueKey(a).compare(dueKey(other)) < 0).toBe(a.dueAt < other.dueAt);
      expect(dueKey(a).compare(bucketEnd(a.bucket, other.dueAt)) < 0).toBe(a.dueAt <= other.dueAt);
      expect(bucketKey(a.bucket, -Number.MAX_VALUE).compare(dueKey(a))).toBeLessThan(0);
    }),
  );
});

it("fits the longest entry into a key of lmdb", () => {
  const address = { type: "t".repeat(NAME_MAX_BYTES), id: "i".repeat(ACTOR_ID_MAX_BYTES) };
  const name = "n".repeat(NAME_MAX_BYTES);
  const one = { bucket: 0, address, name, dueAt: 0, tag: "t".repeat(64) };
  expect(dueKey(one).length).toBe(1_615);
});
