import { createValuePacker } from "@troupe/core";
import { describe, expect, it } from "vitest";
import { ReplyReader } from "./reply-reader.ts";

const readerOf = (value: unknown): ReplyReader =>
  new ReplyReader(Buffer.from(createValuePacker().pack(value)));

describe("ReplyReader", () => {
  it("reads arrays, numbers, text and bytes of every width", () => {
    const numbers = [0, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1];
    const reader = readerOf(numbers);
    expect(reader.array()).toBe(numbers.length);
    expect(numbers.map(() => reader.number())).toEqual(numbers);
    for (const length of [0, 31, 32, 255, 256, 65_535, 65_536]) {
      expect(readerOf("a".repeat(length)).text()).toBe("a".repeat(length));
      expect(readerOf("b".repeat(length)).bytes()).toEqual(Buffer.alloc(length, "b"));
      expect(readerOf(Array.from({ length }, () => 0)).array()).toBe(length);
    }
  });

  it("reads numbers up to 2^53, and the empty map as what an empty table is", () => {
    expect(new ReplyReader(Buffer.from("cf001fffffffffffff", "hex")).number()).toBe(2 ** 53 - 1);
    expect(new ReplyReader(Buffer.from("80", "hex")).array()).toBe(0);
  });

  it("throws on what it does not expect", () => {
    expect(() => readerOf("text").array()).toThrow("instead of an array");
    expect(() => readerOf([]).number()).toThrow("instead of a number");
    expect(() => readerOf(-1).text()).toThrow("instead of a string");
  });
});
