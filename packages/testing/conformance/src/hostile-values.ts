import * as fc from "fast-check";

/** A function that throws, for getters and traps. */
function boom(): never {
  throw new RangeError("boom");
}

class Subclass extends Float32Array {}

/** Makes a value that nobody should pass, throw or keep; a new one each time. */
type MakeHostile = () => unknown;

const HOSTILE: readonly MakeHostile[] = [
  () => boom,
  () => Symbol("s"),
  () => Promise.resolve(1),
  () => new Subclass([1, 2]),
  () => new SharedArrayBuffer(4),
  () => new ArrayBuffer(4, { maxByteLength: 8 }),
  () => revoked({}),
  () => revoked([]),
  () => revoked(new Error("x")),
  () => throwing({}),
  () => throwing([]),
  () => throwing(new Map()),
  () => throwing(new Error("x")),
  () => Object.defineProperty({}, "field", { enumerable: true, get: boom }),
  () => Object.defineProperty([1], 0, { enumerable: true, get: boom }),
  () => Object.defineProperty({ seen: 1 }, "hidden", { value: 1 }),
  () => ({ [Symbol("key")]: 1 }),
  () => ({ "\ud83d": 1 }),
  () => ({ toString: boom, valueOf: boom, toJSON: boom }),
  () => JSON.parse('{"__proto__": 1}') as unknown,
  () => Object.create(Map.prototype) as unknown,
  () => Object.create(Date.prototype) as unknown,
  () => Object.create(Error.prototype) as unknown,
  () => detached(),
  () => new Proxy({ a: 1 }, { ownKeys: () => ["a", "b"] }),
  () => new Proxy({}, { getPrototypeOf: () => Array.prototype }),
  () => new WeakMap(),
  () => globalThis,
];

const ODD: readonly MakeHostile[] = [
  () => -0,
  () => NaN,
  () => "\ud83d",
  () => "x\udc00y",
  () => 2n ** 3_000n,
  () => new Date(NaN),
  () => Object.assign(/a/g, { lastIndex: 2 }),
  () => /b(?<name>c)/.exec("abc"),
  () => Object.assign([], { length: 3 }),
  () => Object.assign(Object.create(null) as object, { a: -0 }),
  () => new Proxy({ a: 1 }, {}),
  () => new Uint8ClampedArray([1]),
  () => new DataView(new ArrayBuffer(3), 1),
  () => Buffer.from("bytes"),
];

function errorOf(fields: Record<string, unknown>): MakeHostile {
  return () => Object.defineProperties(new TypeError("odd"), asDescriptors(fields));
}

function asDescriptors(fields: Record<string, unknown>): PropertyDescriptorMap {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      value === boom
        ? { get: boom, enumerable: true, configurable: true }
        : { value, enumerable: true, configurable: true },
    ]),
  );
}

const ERRORS: readonly MakeHostile[] = [
  errorOf({ message: undefined }),
  errorOf({ message: 5, name: null, stack: {} }),
  errorOf({ message: boom, name: boom, stack: boom, code: boom }),
  errorOf({ cause: boom, errors: boom, body: "x".repeat(100) }),
  errorOf({ toString: () => 5, constructor: boom }),
  errorOf({ droppedFields: boom }),
  () => Object.freeze(new RangeError("frozen")),
  () => Object.setPrototypeOf(new Error("bare"), null) as unknown,
  () => new AggregateError([new Error("one"), boom, revoked({})], "many"),
  () => new DOMException("stopped", "AbortError"),
];

/** Any value, hostile ones among them, at any depth; the same seed gives the same one again. */
export const anyHostileValue: fc.Arbitrary<MakeHostile> = fc.letrec<{ value: MakeHostile }>(
  (tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      { arbitrary: fc.constantFrom(...HOSTILE), weight: 3 },
      { arbitrary: fc.constantFrom(...ODD), weight: 4 },
      { arbitrary: fc.constantFrom(...ERRORS), weight: 3 },
      fc.jsonValue().map((json) => () => withoutProto(json)),
      fc.array(tie("value"), { maxLength: 3 }).map((items) => () => items.map((make) => make())),
      fc
        .array(fc.tuple(fc.constantFrom("a", "b", "c"), tie("value")), { maxLength: 3 })
        .map((entries) => () => Object.fromEntries(entries.map(([key, make]) => [key, make()]))),
      fc
        .array(fc.tuple(tie("value"), tie("value")), { maxLength: 2 })
        .map((entries) => () => new Map(entries.map(([key, make]) => [key(), make()]))),
      fc.tuple(tie("value"), tie("value")).map(
        ([cause, field]) =>
          () =>
            Object.assign(new Error("nested", { cause: cause() }), { field: field() }),
      ),
    ),
  }),
).value;

function withoutProto(json: unknown): unknown {
  const text = JSON.stringify(json);
  return text.includes("__proto__") ? null : (JSON.parse(text) as unknown);
}

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** A proxy that throws from every trap. */
function throwing(target: object): object {
  return new Proxy(target, new Proxy({}, { get: () => boom }));
}

function detached(): Uint8Array {
  const bytes = new Uint8Array(4);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}
