import { ACTOR_REFERENCE, TroupeError, type ActorAddress } from "@troupe/core";

/**
 * Stands for a live reference, as the proxies of actors do: it shows its address to whoever copies
 * it.
 */
export class TestReference {
  readonly address: ActorAddress;

  constructor(address: ActorAddress) {
    this.address = address;
  }

  get [ACTOR_REFERENCE](): ActorAddress {
    return this.address;
  }
}

/** What `fromPortable` takes to make references that compare as equal. */
export function makeTestReference({ type, id }: ActorAddress): TestReference {
  return new TestReference({ type, id });
}

/** A fresh value that holds every kind of value that may travel, nested, shared and in a cycle. */
export function everyKindOfValue(): Record<string, unknown> {
  const shared = { name: "shared" };
  const cyclic: Record<string, unknown> = { list: [1, [2]] };
  cyclic.self = cyclic;
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  return {
    numbers: [
      0,
      1,
      -1,
      127,
      128,
      255,
      65_536,
      2 ** 31,
      -(2 ** 31) - 1,
      2 ** 53 - 1,
      1.5,
      1e300,
      5e-324,
      NaN,
      Infinity,
      -Infinity,
    ],
    bigints: [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n, 2n ** 200n, -(2n ** 200n)],
    strings: ["", "a", "größe", "🦊", "nul\0", "\uffff", "x".repeat(300), "ü".repeat(70_000)],
    others: [true, false, null, undefined],
    nested: { "": 1, "a b": { "ü.{}": [[[]], {}] }, constructor: "own", toString: "own" },
    map: new Map<unknown, unknown>([
      ["a", 1],
      [2, new Map([[{ key: "object" }, new Set(["x"])]])],
      [null, undefined],
    ]),
    set: new Set<unknown>([1, "1", null, new Set([new Map()])]),
    dates: [new Date(0), new Date(1_700_000_000_123), new Date(-1)],
    pattern: /a(?<b>.)\/[ü]/giu,
    bytes,
    view: bytes.subarray(3, 10),
    noBytes: new Uint8Array(),
    buffer: bytes.slice(0, 9).buffer,
    arrays: [
      new Int8Array([-1, 2]),
      new Int16Array([-300, 2]),
      new Uint16Array([65_535]),
      new Int32Array([-70_000]),
      new Uint32Array([2 ** 32 - 1]),
      new Float32Array([1.5, -0.25]),
      new Float64Array([Math.PI, NaN]),
      new BigInt64Array([-(2n ** 63n)]),
      new BigUint64Array([2n ** 64n - 1n]),
    ],
    errors: [
      Object.assign(
        new RangeError("too much", { cause: new TypeError("inner", { cause: shared }) }),
        {
          limit: 5,
          map: new Map([[1, 2]]),
        },
      ),
      new AggregateError([new Error("one"), new Error("two")], "both"),
      new TroupeError("MAILBOX_FULL", "Account/alice is busy", { cause: new Error("why") }),
    ],
    references: [
      new TestReference({ type: "Account", id: "alice" }),
      new TestReference({ type: "Konto", id: "größe {}/\0🦊" }),
    ],
    shared: [shared, { again: shared }],
    cyclic,
  };
}
