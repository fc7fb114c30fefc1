import { createValuePacker } from "@troupe/core";
import { describe, expect, it } from "vitest";
import { RequestPacker } from "./request-packer.ts";

const unpack = (bytes: Uint8Array): unknown => createValuePacker().unpack(bytes);

describe("RequestPacker", () => {
  it("writes arrays, numbers, text of every width and bytes", () => {
    const packer = new RequestPacker();
    packer.array(2);
    packer.number(4_000_000_000);
    packer.text("añ€😀");
    packer.bytes(Buffer.from("abc"));
    packer.text("");
    expect(unpack(packer.take(3))).toEqual([[4_000_000_000, "añ€😀"], "abc", ""]);
  });

  it("starts anew after each array, and what it gave stays as it was", () => {
    const packer = new RequestPacker();
    packer.text("first");
    const first = packer.take(1);
    packer.text("other");
    expect(unpack(packer.take(1))).toEqual(["other"]);
    expect(unpack(first)).toEqual(["first"]);
  });

  it("forgets what was written half", () => {
    const packer = new RequestPacker();
    packer.text("whole");
    const start = packer.length;
    packer.array(7);
    packer.rewind(start);
    expect(unpack(packer.take(1))).toEqual(["whole"]);
  });

  it("grows as it has to, also within an array", () => {
    const packer = new RequestPacker();
    const long = "x".repeat(300_000);
    for (let count = 0; count < 10; count++) packer.text(long);
    expect(packer.length).toBeGreaterThan(3_000_000);
    expect(unpack(packer.take(10))).toEqual(Array.from({ length: 10 }, () => long));
    packer.number(7);
    expect(unpack(packer.take(1))).toEqual([7]);
  });
});
