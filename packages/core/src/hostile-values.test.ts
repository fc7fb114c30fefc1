import { makeTestReference } from "@troupe/conformance";
import { describe, expect, it } from "vitest";
import { TroupeError } from "./errors.ts";
import { fromPortable } from "./from-portable.ts";
import { messageOf } from "./message-of.ts";
import { errorToPortable, toPortable } from "./to-portable.ts";
import { createValuePacker } from "./value-packer.ts";

const packer = createValuePacker();

const boom = (): never => {
  throw new Error("boom");
};

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** A proxy that throws from every trap. */
function mine(target: object): object {
  return new Proxy(target, new Proxy({}, { get: () => boom }));
}

/** Through a copy, and through the bytes that go to the store and to others. */
function both(value: unknown): { readonly local: unknown; readonly packed: unknown } {
  const packed = toPortable(value, { root: "v" });
  const bytes = packer.pack(packed.value);
  const again = { ...packed, value: packer.unpack(bytes) };
  return {
    local: fromPortable(toPortable(value, { root: "v" }), makeTestReference),
    packed: fromPortable(again, makeTestReference),
  };
}

class Vec extends Float32Array {}
class Day extends Date {}
class Bytes extends Uint8Array {}
class Pattern extends RegExp {}
class List extends Array<number> {}

function detached(): { buffer: ArrayBuffer; view: Uint8Array } {
  const buffer = new ArrayBuffer(8);
  const view = new Uint8Array(buffer);
  structuredClone(buffer, { transfer: [buffer] });
  return { buffer, view };
}

const sticky = /a/g;
sticky.lastIndex = 3;

describe("a value that is not quite plain", () => {
  it.each<[string, unknown]>([
    ["-0", -0],
    ["-0 in a list", [0, -0]],
    ["half a character", "\ud83d"],
    ["the other half, deep inside", { a: [new Map([["\udc00", "x\udc00"]])] }],
    ["an object without prototype", Object.assign(Object.create(null), { a: 1 })],
    ["a hole", Object.assign([1], { 2: 3 })],
    ["nothing but holes", Object.assign([], { length: 5 })],
    ["a hole beside a field", Object.assign([], { 1: 1, x: 2 })],
    ["a match", /b(?<name>c)/.exec("abc")],
    ["a pattern that has matched", sticky],
    ["a pattern with half a character", new RegExp("\ud83d")],
    ["an invalid date", new Date(NaN)],
    ["a date far away", new Date(8.64e15)],
    ["a date long ago", new Date(-8.64e15)],
    ["a huge integer", -(7n ** 9_000n)],
    ["clamped bytes", new Uint8ClampedArray([1, 255])],
    ["integers of 64 bits", new BigInt64Array([-1n, 5n])],
    ["fields with telling names", { constructor: 1, hasOwnProperty: 2, length: 3, toJSON: 4 }],
  ])("arrives as it was: %s", (_, value) => {
    const { local, packed } = both(value);
    expect(local).toStrictEqual(value);
    expect(packed).toStrictEqual(value);
    if (value instanceof RegExp) expect((packed as RegExp).lastIndex).toBe(value.lastIndex);
    if (typeof value === "number") expect([local, packed]).toEqual([-0, -0]);
  });

  it("keeps half a character of a key of a map and in the message of an error", () => {
    const error = both(new RangeError("x\ud83d")).packed as RangeError;
    expect(error.message).toBe("x\ud83d");
  });

  it.each<[string, () => unknown, string]>([
    ["a typed array's subclass", () => new Vec([1]), "v[0].x is an instance of Vec"],
    ["a Uint8Array's subclass", () => new Bytes([1]), "v[0].x is an instance of Bytes"],
    ["a date's subclass", () => new Day(), "v[0].x is an instance of Day"],
    ["a pattern's subclass", () => new Pattern("a"), "v[0].x is an instance of Pattern"],
    ["an array's subclass", () => List.from([1]), "v[0].x is an instance of List"],
    ["shared memory", () => new SharedArrayBuffer(2), "v[0].x is an instance of SharedArray"],
    ["a resizable buffer", () => new ArrayBuffer(1, { maxByteLength: 2 }), "v[0].x is a resizable"],
    ["a buffer given away", () => detached().buffer, "v[0].x cannot be read"],
    ["a view of a buffer given away", () => detached().view, "v[0].x cannot be read"],
    ["a boxed string", () => Object("a"), "v[0].x is an instance of String"],
    [
      "a symbol as a key",
      () => ({ [Symbol("s")]: 1 }),
      "v[0].x is an object with the key Symbol(s)",
    ],
    [
      "a hidden field",
      () => Object.defineProperty({ a: 1 }, "h", { value: 1 }),
      "v[0].x is an object with a field that is not enumerable (h)",
    ],
    ["a field of a map", () => Object.assign(new Map(), { f: 1 }), "v[0].x is an instance of Map"],
    [
      "a field of a date",
      () => Object.assign(new Date(), { f: 1 }),
      "v[0].x is an instance of Date",
    ],
    ["what only looks like a map", () => Object.create(Map.prototype), "v[0].x cannot be read"],
    ["what only looks like a date", () => Object.create(Date.prototype), "v[0].x cannot be read"],
    [
      "a getter that throws",
      () => Object.defineProperty({}, "g", { get: boom, enumerable: true }),
      "v[0].x.g cannot be read (boom)",
    ],
    [
      "a getter of an item",
      () => Object.defineProperty([1], 0, { get: boom, enumerable: true }),
      "v[0].x cannot be read (boom)",
    ],
    ["a revoked proxy", revoked, "v[0].x cannot be read"],
    ["a proxy that throws", () => mine({}), "v[0].x cannot be read (boom)"],
    ["a proxy of an array that throws", () => mine([]), "v[0].x cannot be read (boom)"],
    [
      "a getter that throws a proxy",
      () => ({
        get g() {
          throw mine({});
        },
      }),
      "v[0].x.g cannot be read",
    ],
    ["a toJSON", () => ({ toJSON: () => 1 }), "v[0].x.toJSON is the function toJSON"],
    [
      "a date with code of its own",
      () => Object.defineProperty(new Date(), "getTime", { value: boom }),
      "v[0].x is an instance of Date with the field getTime",
    ],
  ])("is refused with its path: %s", (_, make, message) => {
    const copy = (): unknown => toPortable([{ x: make() }], { root: "v" });
    expect(copy).toThrow(TroupeError);
    expect(copy).toThrow(`[NOT_SERIALIZABLE] ${message}`);
  });

  it("refuses a Float16Array, which not every Node.js knows", () => {
    const { Float16Array: Half } = globalThis as { Float16Array?: new (n: number[]) => object };
    if (Half === undefined) return;
    const copy = (): unknown => toPortable(new Half([1]), { root: "v" });
    expect(copy).toThrow("[NOT_SERIALIZABLE] v is an instance of Float16Array");
  });

  it("reads each field once, whatever a getter makes of it", () => {
    let reads = 0;
    const value = {
      get n() {
        return reads++ === 0 ? 1 : boom;
      },
    };
    expect(both({ value: toPortable(value, { root: "v" }).value }).packed).toEqual({
      value: { n: 1 },
    });
    expect(reads).toBe(1);
  });

  it("never runs code that binary data brings along", () => {
    const bytes = Object.defineProperty(new Uint8Array([1, 2]), "constructor", { get: boom });
    const lying = Object.defineProperty(new Uint8Array([3, 4]), "byteLength", { value: 1 });
    expect(both([bytes, lying]).packed).toEqual([new Uint8Array([1, 2]), new Uint8Array([3, 4])]);
  });

  it("may change while it is copied", () => {
    const map = new Map<string, unknown>([["a", 1]]);
    map.set("b", {
      get grow() {
        map.delete("a");
        map.set("c", 3);
        return 2;
      },
    });
    expect(both(map).packed).toBeInstanceOf(Map);
  });
});

function travelled(thrown: unknown): Error {
  const portable = errorToPortable(thrown);
  const value = packer.unpack(packer.pack(portable.value));
  return fromPortable({ ...portable, value }, makeTestReference) as Error;
}

/** The message of an error may be of any kind here. */
function textOf(message: unknown): string {
  return String(message);
}

describe("an error that is not quite one", () => {
  it("keeps class, name and fields when one of them cannot travel, and says which", () => {
    const thrown = Object.assign(new RangeError("too far"), {
      code: "E_FAR",
      body: "x".repeat(5_000_000),
      again: { socket: () => 1 },
    });
    Object.defineProperty(thrown, "bad", { enumerable: true, get: boom });
    const error = travelled(thrown) as RangeError & { droppedFields: string[] };
    expect(error).toBeInstanceOf(RangeError);
    expect(Object.entries(error)).toEqual([["code", "E_FAR"]]);
    expect(error.droppedFields).toEqual([
      "body is too large",
      "again.socket is the function socket",
      "bad cannot be read (boom)",
    ]);
    expect(error.stack).toContain("-- did not travel: body is too large; again.socket is");
    const further = travelled(error) as RangeError & { droppedFields: string[] };
    expect(further.droppedFields).toEqual(error.droppedFields);
    expect(further.stack).toBe(error.stack);
  });

  it("does not give half of an object to the next field that holds it", () => {
    const shared = { first: 1, no: boom };
    const error = travelled(Object.assign(new Error("x"), { one: shared, two: shared, n: 1 }));
    expect(Object.entries(error)).toEqual([["n", 1]]);
  });

  it.each<[string, () => unknown, string]>([
    [
      "a message that is undefined",
      () => Object.assign(new Error("x"), { message: undefined }),
      "undefined",
    ],
    [
      "a message that is an object",
      () => Object.assign(new Error("x"), { message: { a: 1 } }),
      "[object Object]",
    ],
    [
      "a message that throws",
      () => Object.defineProperty(new Error("x"), "message", { get: boom }),
      "",
    ],
    ["a revoked proxy", revoked, "a thrown value that cannot be read"],
    ["a proxy that throws", () => mine(new Error("x")), ""],
    ["a symbol", () => Symbol("s"), "Symbol(s)"],
    ["a function", () => boom, "[Function: boom]"],
    ["a stack that is not a text", () => Object.assign(new Error("x"), { stack: [1] }), "x"],
    [
      "a stack that throws",
      () => Object.defineProperty(new Error("x"), "stack", { get: boom }),
      "x",
    ],
    ["a name that throws", () => Object.defineProperty(new Error("x"), "name", { get: boom }), "x"],
    ["frozen", () => Object.freeze(new Error("x")), "x"],
    ["without a prototype", () => Object.setPrototypeOf(new Error("x"), null), "x"],
  ])("arrives as an error with the best account of it: %s", (_, make, message) => {
    const error = travelled(make());
    expect(error).toBeInstanceOf(Error);
    expect(textOf(error.message)).toContain(message);
    expect(typeof error.stack).toBe("string");
    expect(typeof messageOf(make())).toBe("string");
  });

  it("keeps two failures of `using`, a cancelled fetch, and a long chain of causes", () => {
    const { SuppressedError: Suppressed } = globalThis as {
      SuppressedError?: new (error: unknown, suppressed: unknown, message: string) => Error;
    };
    if (Suppressed !== undefined) {
      const error = travelled(
        new Suppressed(new RangeError("close"), new TypeError("work"), "both"),
      );
      expect(error).toBeInstanceOf(Suppressed);
      expect(error).toMatchObject({
        error: expect.any(RangeError),
        suppressed: expect.any(TypeError),
      });
    }
    const aborted = travelled(new DOMException("stopped", "AbortError")) as DOMException;
    expect(aborted).toBeInstanceOf(DOMException);
    expect([aborted.name, aborted.message, aborted.code]).toEqual(["AbortError", "stopped", 20]);
    let chain = new Error("last");
    for (let step = 0; step < 2_000; step++) chain = new Error(`step ${step}`, { cause: chain });
    expect(travelled(chain)).toMatchObject({
      message: "step 1999",
      cause: { message: "step 1998" },
    });
  });

  it("cuts a message that would leave no room for anything else", () => {
    const error = travelled(Object.assign(new Error("y".repeat(9_000_000)), { code: 5 }));
    expect(error).toMatchObject({ code: 5 });
    expect(error.message).toMatch(/^y+… \(9000000 characters\)$/);
  });
});

describe("messageOf", () => {
  it("gives a text for whatever was thrown", () => {
    expect([new Error("one"), "two", undefined, 4].map(messageOf)).toEqual([
      "one",
      "two",
      "undefined",
      "4",
    ]);
    expect(messageOf({ message: "told" })).toBe("told");
    expect(messageOf({ toString: boom, code: 5 })).toContain("code: 5");
    expect(messageOf("z".repeat(100_000)).length).toBeLessThan(9_000);
  });
});
