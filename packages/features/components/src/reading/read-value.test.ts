import type { MetadataField, MetadataKind } from "@troupe/core";
import { describe, expect, it } from "vitest";
import { readValue } from "./read-value.ts";

function field(kind: MetadataKind): MetadataField {
  return { kind, doc: "For a test." };
}

describe("readValue", () => {
  it.each<[MetadataKind, string, unknown]>([
    ["text", "", ""],
    ["text", " kept as it is ", " kept as it is "],
    ["boolean", "true", true],
    ["boolean", "Yes", true],
    ["boolean", " on ", true],
    ["boolean", "1", true],
    ["boolean", "F", false],
    ["boolean", "off", false],
    ["boolean", "0", false],
    ["integer", "010", 10],
    ["integer", "-3", -3],
    ["number", "1.5", 1.5],
    ["number", "2e3", 2_000],
    ["duration", "5s", 5_000],
    ["duration", "1m30s", 90_000],
    ["duration", "1h0.5s", 3_600_500],
    ["duration", "250ms", 250],
    ["duration", "500us", 0.5],
    ["duration", "0", 0],
    ["bytes", "1024", 1_024],
    ["bytes", "64k", 64_000],
    ["bytes", "100Mi", 104_857_600],
    ["list", "a, b,,c ", ["a", "b", "c"]],
    ["list", "", []],
  ])("reads %s %j", (kind, text, value) => {
    expect(readValue(text, field(kind))).toEqual({ kind: "value", value });
  });

  it.each<[MetadataKind, string, RegExp]>([
    ["boolean", "ture", /true or false/],
    ["boolean", "", /true or false/],
    ["integer", "1.5", /an integer/],
    ["integer", "0x10", /an integer/],
    ["integer", "99999999999999999999", /an integer/],
    ["number", "1,5", /a number/],
    ["number", "", /a number/],
    ["bytes", "-1", /number of bytes/],
    ["bytes", "5 MB", /number of bytes/],
    ["duration", "5", /with its unit/],
    ["duration", "-5s", /with its unit/],
    ["duration", "1d", /with its unit/],
    ["duration", "5 s", /with its unit/],
  ])("refuses %s %j, and says what would be right", (kind, text, right) => {
    expect(readValue(text, field(kind))).toEqual({
      kind: "wrong",
      right: expect.stringMatching(right) as unknown,
    });
  });

  it("names the choice that was meant", () => {
    const choices = ["exclusive", "shared"];
    expect(readValue("shred", { ...field("text"), choices })).toEqual({
      kind: "wrong",
      right: "give one of exclusive, shared; did you mean shared?",
    });
    expect(readValue("shared", { ...field("text"), choices })).toMatchObject({ value: "shared" });
  });

  it("takes no empty text for a required one", () => {
    expect(readValue("", { ...field("text"), required: true })).toMatchObject({ kind: "wrong" });
  });
});
