import { AWKWARD_ADDRESSES } from "@troupe/conformance";
import { assert, property, record, string } from "fast-check";
import { expect, it } from "vitest";
import { actorKey, fieldKey, fieldsEnd, parseActorKey } from "./actor-key.ts";

const address = record({
  type: string({ unit: "binary", minLength: 1, maxLength: 5 }),
  id: string({ unit: "binary", minLength: 1, maxLength: 5 }),
});

const isInRange = (key: Buffer, actor: Buffer): boolean =>
  actor.compare(key) <= 0 && key.compare(fieldsEnd(actor)) < 0;

it("keeps the fields of every actor apart from those of every other, in one range", () => {
  assert(
    property(address, address, string({ unit: "binary", maxLength: 4 }), (a, b, name) => {
      const [keyOfA, keyOfB] = [actorKey(a), actorKey(b)];
      expect(isInRange(fieldKey(keyOfA, name), keyOfA)).toBe(true);
      if (!keyOfA.equals(keyOfB)) expect(isInRange(fieldKey(keyOfA, name), keyOfB)).toBe(false);
      expect(keyOfA.equals(keyOfB)).toBe(a.type === b.type && a.id === b.id);
    }),
  );
});

it("gives back the address and the rest of the key", () => {
  for (const awkward of AWKWARD_ADDRESSES) {
    const key = fieldKey(Buffer.concat([Buffer.from("before"), actorKey(awkward)]), "name");
    const { address: parsed, end } = parseActorKey(key, 6);
    expect(parsed).toEqual(awkward);
    expect(key.toString("utf8", end)).toBe("name");
  }
});

it("fits the longest type, id and field name into a key of lmdb", () => {
  const longest = actorKey({ type: "t".repeat(256), id: "i".repeat(1_024) });
  expect(fieldsEnd(fieldKey(longest, "r:" + "n".repeat(256))).length).toBeLessThanOrEqual(1_978);
});
