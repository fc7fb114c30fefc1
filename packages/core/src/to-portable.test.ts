import { describe, expect, it } from "vitest";
import { TroupeError, type ErrorCode } from "./errors.ts";
import { fromPortable } from "./from-portable.ts";
import { MESSAGE_MAX_BYTES, VALUE_MAX_DEPTH } from "./limits.ts";
import { errorToPortable, toPortable } from "./to-portable.ts";

function expectRefused(value: unknown, code: ErrorCode, message: string): void {
  const copy = (): unknown => toPortable(value, { root: "args" });
  expect(copy).toThrow(TroupeError);
  expect(copy).toThrow(`[${code}] ${message}`);
}

function noop(): void {}
class Money {
  readonly amount = 5;
}
class List extends Array<number> {}

/** A value with that many containers around a number. */
function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { value };
  return value;
}

/** What the caller gets of what was thrown. */
function travel(thrown: unknown): unknown {
  return fromPortable(errorToPortable(thrown), noop);
}

describe("what cannot be copied", () => {
  it("is named by its path", () => {
    expectRefused(
      [{ items: [1, 2, 3, { done: noop }] }],
      "NOT_SERIALIZABLE",
      "args[0].items[3].done is the function noop",
    );
    expectRefused(
      [{ "two words": [Symbol("s")] }],
      "NOT_SERIALIZABLE",
      'args[0]["two words"][0] is a symbol',
    );
    expectRefused(
      [new Map([["a b", new Money()]])],
      "NOT_SERIALIZABLE",
      'args[0]["a b"] is an instance of Money',
    );
    expectRefused([new Map([[1, noop]])], "NOT_SERIALIZABLE", "args[0][1] is the function noop");
    expectRefused(
      [new Map([[noop, 1]])],
      "NOT_SERIALIZABLE",
      'args[0]["(key)"] is the function noop',
    );
    expectRefused([new Set([1, noop])], "NOT_SERIALIZABLE", "args[0][1] is the function noop");
    expectRefused(
      noop,
      "NOT_SERIALIZABLE",
      "args is the function noop, which cannot be copied; pass plain data",
    );
  });

  it.each([
    [Promise.resolve(), "a promise (await it first)"],
    [() => undefined, "a function"],
    [new Money(), "an instance of Money"],
    [new List(), "an instance of List"],
    [new (class Index extends Map {})(), "an instance of Index"],
    [new (class Tags extends Set {})(), "an instance of Tags"],
    [new WeakMap(), "an instance of WeakMap"],
    [Object(1), "an instance of Number"],
    [new URL("http://localhost"), "an instance of URL"],
    [Object.create({}), "an instance of Object"],
  ])("is said to be what it is: %#", (value, what) => {
    expectRefused([value], "NOT_SERIALIZABLE", `args[0] is ${what}`);
  });

  it("is named with its key where the key is what cannot travel", () => {
    const proto: unknown = JSON.parse('{"__proto__": 1}');
    expectRefused([proto], "NOT_SERIALIZABLE", "args[0].__proto__ is a key named __proto__");
    const half = 'args[0]["\\ud83d"] is a key with an unpaired surrogate';
    expectRefused([{ "\ud83d": 1 }], "NOT_SERIALIZABLE", half);
  });

  it("is left out of errors, which arrive all the same", () => {
    const thrown = Object.assign(new RangeError("no"), {
      callback: noop,
      limit: 5,
      nested: { callback: noop },
    });
    const error = fromPortable(toPortable([thrown], { root: "args" }), noop) as [RangeError];
    expect(error[0]).toBeInstanceOf(RangeError);
    expect(Object.entries(error[0])).toEqual([["limit", 5]]);
  });
});

describe("limits", () => {
  it("lets a value pass that is as deep as allowed, and no deeper", () => {
    expect(() => toPortable(nested(VALUE_MAX_DEPTH), { root: "args" })).not.toThrow();
    expect(() => toPortable(nested(VALUE_MAX_DEPTH + 1), { root: "args" })).toThrow(
      /NOT_SERIALIZABLE.*nested deeper than 500 levels/s,
    );
    expect(() => toPortable(nested(200_000), { root: "args" })).toThrow("NOT_SERIALIZABLE");
  });

  it("counts bytes of strings as UTF-8, binary data and nine for everything", () => {
    expect(toPortable("x".repeat(100), { root: "args" }).size).toBe(109);
    expect(toPortable("é".repeat(100), { root: "args" }).size).toBe(209);
    expect(toPortable(new Uint8Array(100), { root: "args" }).size).toBeGreaterThanOrEqual(109);
    expect(toPortable([1, 2], { root: "args" }).size).toBe(27);
  });

  it("lets a message of the largest size pass, and no larger one", () => {
    expect(() => toPortable("x".repeat(MESSAGE_MAX_BYTES - 9), { root: "args" })).not.toThrow();
    expectRefused(
      "x".repeat(MESSAGE_MAX_BYTES - 8),
      "PAYLOAD_TOO_LARGE",
      `args: more than ${MESSAGE_MAX_BYTES} bytes`,
    );
    expectRefused([new Uint8Array(MESSAGE_MAX_BYTES)], "PAYLOAD_TOO_LARGE", "args: ");
    expectRefused(
      Object.fromEntries([["k".repeat(MESSAGE_MAX_BYTES), 1]]),
      "PAYLOAD_TOO_LARGE",
      "args: ",
    );
    expect(() => toPortable([1, 2], { root: "state.x", maxBytes: 26 })).toThrow(
      "[PAYLOAD_TOO_LARGE] state.x: more than 26 bytes",
    );
  });

  it("stops counting as soon as it is too much, also in a value that is much larger", () => {
    const shared = Array.from({ length: 1_000 }, () => "x".repeat(5_000));
    expectRefused(
      Array.from({ length: 1_000 }, () => [...shared]),
      "PAYLOAD_TOO_LARGE",
      "args: ",
    );
  });
});

describe("errors on their way", () => {
  it("keep class, message, stack, cause and own fields", () => {
    const cause = new SyntaxError("inner");
    const thrown = Object.assign(new RangeError("outer", { cause }), { limit: 5 });
    const error = travel(thrown) as RangeError;
    expect(error).toBeInstanceOf(RangeError);
    expect(error).not.toBe(thrown);
    expect(error.cause).toBeInstanceOf(SyntaxError);
    expect([error.message, error.stack, (error.cause as Error).stack]).toEqual([
      "outer",
      thrown.stack,
      cause.stack,
    ]);
    expect(Object.keys(error)).toEqual(["limit"]);
  });

  it("keep what Troupe's own say", () => {
    const error = travel(
      new TroupeError("SILO_LOST", "gone", { ran: "no", retryable: false, cause: "why" }),
    );
    expect(error).toBeInstanceOf(TroupeError);
    expect(error).toMatchObject({
      code: "SILO_LOST",
      ran: "no",
      retryable: false,
      cause: "why",
      message: "[SILO_LOST] gone",
    });
  });

  it("become the nearest built-in class, with the name they had", () => {
    class OutOfMoney extends RangeError {
      override readonly name = "OutOfMoney";
      readonly missing = 5;
    }
    const error = travel(new OutOfMoney("no money")) as OutOfMoney;
    expect(error).toBeInstanceOf(RangeError);
    expect([error.name, error.missing, String(error)]).toEqual([
      "OutOfMoney",
      5,
      "OutOfMoney: no money",
    ]);
  });

  it("keep the errors of an aggregate", () => {
    const error = travel(
      new AggregateError([new TypeError("one"), "two"], "both"),
    ) as AggregateError;
    expect(error).toBeInstanceOf(AggregateError);
    expect(error.errors).toMatchObject([{ message: "one" }, "two"]);
  });

  it("may hold themselves", () => {
    const thrown = new Error("round");
    thrown.cause = thrown;
    const error = travel(thrown) as Error;
    expect(error.cause).toBe(error);
  });

  it.each([undefined, null, 0, "text", { code: 5 }, [1]])("need not be errors: %j", (thrown) => {
    expect(travel(thrown)).toEqual(thrown);
  });

  it("always travel in some form", () => {
    const hostile = Object.defineProperty(new TypeError("hostile"), "field", {
      enumerable: true,
      get: () => {
        throw new Error("not now");
      },
    });
    for (const thrown of [
      noop,
      Symbol("s"),
      new Money(),
      hostile,
      Object.assign(new Error("huge"), { data: "x".repeat(MESSAGE_MAX_BYTES) }),
    ]) {
      expect(travel(thrown)).toBeInstanceOf(Error);
    }
    expect(travel(hostile)).toMatchObject({ message: "hostile" });
  });
});
