import { TroupeError } from "@troupe/core";
import { TestReference } from "./every-kind-of-value.ts";

/** What the packed values of the golden files have to be read as. */
export function goldenValues(): Readonly<Record<string, unknown>> {
  const bytes = Uint8Array.from({ length: 20 }, (_, index) => index);
  return { ...plainValues(), ...binaryValues(bytes), ...errorValues(), ...sharedValues() };
}

function plainValues(): Record<string, unknown> {
  return {
    numbers: [0, 1, -1, 127, 128, 255, 65_536, 2 ** 31, -(2 ** 31) - 1, 2 ** 53 - 1].concat([
      1.5,
      1e300,
      5e-324,
      NaN,
      Infinity,
      -Infinity,
    ]),
    bigints: [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n, 2n ** 200n, -(2n ** 200n)],
    strings: ["", "a", "größe", "🦊", "nul\0", "\uffff", "x".repeat(40)],
    others: [true, false, null, undefined],
    nested: { "": 1, "a b": { "ü.{}": [[[]], {}] }, constructor: "own", toString: "own" },
    map: new Map<unknown, unknown>([
      ["a", 1],
      [2, new Map([[{ key: "object" }, new Set(["x"])]])],
      [null, undefined],
    ]),
    set: new Set<unknown>([1, "1", null, new Set([new Map()])]),
    dates: [new Date(0), new Date(1_700_000_000_123), new Date(-1), new Date(NaN)],
    pattern: /a(?<b>.)\/[ü]/giu,
  };
}

function binaryValues(bytes: Uint8Array): Record<string, unknown> {
  return {
    bytes,
    view: bytes.slice(3, 10),
    noBytes: new Uint8Array(),
    buffer: bytes.slice(0, 9).buffer,
    dataView: new DataView(bytes.slice(1, 4).buffer),
    arrays: [
      new Int8Array([-1, 2]),
      new Uint8ClampedArray([255, 0]),
      new Int16Array([-300, 2]),
      new Uint16Array([65_535]),
      new Int32Array([-70_000]),
      new Uint32Array([2 ** 32 - 1]),
      new Float32Array([1.5, -0.25]),
      new Float64Array([Math.PI, NaN]),
      new BigInt64Array([-(2n ** 63n)]),
      new BigUint64Array([2n ** 64n - 1n]),
    ],
  };
}

function errorValues(): Record<string, unknown> {
  const inner = withStack(new TypeError("inner", { cause: { name: "shared" } }));
  const why = withStack(new Error("why"));
  return {
    rangeError: Object.assign(withStack(new RangeError("too much", { cause: inner })), {
      limit: 5,
      map: new Map([[1, 2]]),
    }),
    aggregateError: withStack(
      new AggregateError([withStack(new Error("one")), withStack(new Error("two"))], "both"),
    ),
    troupeError: withStack(
      new TroupeError("MAILBOX_FULL", "Account/alice is busy", { cause: why }),
    ),
    namedError: withStack(
      Object.defineProperty(new Error("none is left"), "name", {
        value: "OutOfStock",
        writable: true,
        configurable: true,
      }),
    ),
  };
}

function sharedValues(): Record<string, unknown> {
  const shared = { name: "shared" };
  const cyclic: Record<string, unknown> = { list: [1, [2]] };
  cyclic.self = cyclic;
  return {
    references: [
      new TestReference({ type: "Account", id: "alice" }),
      new TestReference({ type: "Konto", id: "größe {}/\0🦊" }),
    ],
    shared: [shared, { again: shared }],
    cyclic,
  };
}

function withStack<E extends Error>(error: E): E {
  error.stack = `${error.name}: ${error.message}\n    at old (file:///old.js:1:1)`;
  return error;
}
