import { afterEach, describe, expect, it } from "vitest";
import { Actor, defineActor, definitionOf } from "@troupe/sdk";

const usual = Error.stackTraceLimit;

afterEach(() => {
  Error.stackTraceLimit = usual;
});

describe("the place of a problem", () => {
  it("is left open where stacks are switched off, and the problem is still told", () => {
    Error.stackTraceLimit = 0;
    class Blind extends Actor {}
    defineActor(Blind, { name: "" });
    expect(() => definitionOf(Blind)).toThrow(
      "unknown position Blind: the type name must not be empty",
    );
  });
});
