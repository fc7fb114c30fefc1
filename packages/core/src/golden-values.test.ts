import { goldenBytes, goldenFile, goldenValues, makeTestReference } from "@troupe/conformance";
import { expect, it } from "vitest";
import { fromPortable } from "./from-portable.ts";
import { createValuePacker } from "./value-packer.ts";

const packed = goldenFile("packed-values");

it.each(Object.entries(goldenValues()))(
  "reads %s as the first version stored it",
  (name, value) => {
    const bytes = goldenBytes(packed[name] ?? "");
    const portable = createValuePacker().unpack(bytes);
    const live = fromPortable({ value: portable, revive: true, size: 0 }, makeTestReference);
    expect(live).toStrictEqual(value);
    if (!(value instanceof Error)) return;
    expect(live).toBeInstanceOf(value.constructor);
    const { name: className, message, stack, cause } = value;
    expect(live).toMatchObject({ name: className, message, stack });
    expect((live as Error).cause).toStrictEqual(cause);
  },
);

it("reads every value of the golden file", () => {
  expect(Object.keys(goldenValues()).toSorted()).toEqual(Object.keys(packed).toSorted());
});
