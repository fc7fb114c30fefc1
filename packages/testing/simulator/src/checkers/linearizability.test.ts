import { describe, expect, it } from "vitest";
import { linearize, type Operation } from "./linearizability.ts";

function write(name: string, value: number, from: number, until: number): Operation<number> {
  return { name, from, until, apply: () => value };
}

function read(name: string, value: number, from: number, until: number): Operation<number> {
  return { name, from, until, apply: (current) => (current === value ? current : undefined) };
}

function add(
  name: string,
  amount: number,
  answer: number,
  [from, until]: readonly [number, number],
): Operation<number> {
  return {
    name,
    from,
    until,
    apply: (current) => (current + amount === answer ? answer : undefined),
  };
}

const NEVER = Number.POSITIVE_INFINITY;

describe("the search for an order", () => {
  it("finds one for operations that overlap", () => {
    const operations = [
      write("w1", 1, 0, 10),
      write("w2", 2, 1, 9),
      read("r1", 1, 2, 8),
      read("r2", 2, 3, 11),
    ];
    expect(linearize(operations, 0)).toEqual({ kind: "linearizable" });
  });

  it("refuses a read of what was overwritten before it began", () => {
    const operations = [write("w1", 1, 0, 1), write("w2", 2, 2, 3), read("r", 1, 4, 5)];
    expect(linearize(operations, 0)).toMatchObject({
      kind: "not linearizable",
      reached: ["w1", "w2"],
      value: 2,
    });
  });

  it("refuses a lost update", () => {
    const operations = [add("a", 1, 1, [0, 5]), add("b", 1, 1, [1, 6])];
    expect(linearize(operations, 0).kind).toBe("not linearizable");
  });

  it("lets an operation of unknown outcome take effect late, or never", () => {
    const unknown: Operation<number> = {
      name: "u",
      from: 0,
      until: NEVER,
      apply: (value) => value + 5,
    };
    expect(linearize([unknown, read("r1", 0, 1, 2), read("r2", 5, 3, 4)], 0).kind).toBe(
      "linearizable",
    );
    expect(linearize([unknown, read("r1", 0, 1, 2), read("r2", 0, 3, 4)], 0).kind).toBe(
      "linearizable",
    );
    expect(linearize([unknown, read("r1", 5, 1, 2), read("r2", 0, 3, 4)], 0).kind).toBe(
      "not linearizable",
    );
  });

  it("goes through hundreds of operations", () => {
    const operations = Array.from({ length: 400 }, (_, index) =>
      add(`a${index}`, 1, index + 1, [index * 2, index * 2 + 7]),
    );
    expect(linearize(operations, 0).kind).toBe("linearizable");
  });
});
