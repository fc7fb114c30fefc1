import { REMINDER_BUCKETS } from "@troupe/core";
import * as fc from "fast-check";
import HashRing from "hashring";
import { describe, expect, it } from "vitest";
import { bucketOf, Ring, ringOf } from "./ring.ts";

const SILOS = ["silo-a", "silo-b", "silo-c"];

const siloIds = fc.uniqueArray(fc.stringMatching(/^[0-9a-z]{13}$/), {
  minLength: 1,
  maxLength: 12,
});
const keys = fc
  .tuple(fc.constantFrom("Account", "Cart", "Ä"), fc.string({ minLength: 1 }))
  .map((parts) => parts.join("/"));

function ringWith(silos: readonly string[]): Ring {
  return new Ring(silos.map((siloId) => ({ siloId, capacity: 1 })));
}

/** Owners of the keys `Account/0` to `Account/<count - 1>`. */
function ownersOf(silos: readonly string[], count: number): string[] {
  const ring = ringWith(silos);
  return Array.from({ length: count }, (_, index) => ring.ownerOf(`Account/${index}`) ?? "");
}

describe("a ring", () => {
  // The hash decides where actors live and which bucket holds their reminders, so it is part of the
  // stored format: if one of these fails, it is the change that is wrong, not the vector.
  it("gives the pinned owners", () => {
    const ring = ringWith(SILOS);
    expect(Object.fromEntries(PINNED_KEYS.map((key) => [key, ring.ownerOf(key)])))
      .toMatchInlineSnapshot(`
      {
        "Account/a/b": "silo-a",
        "Account/alice": "silo-b",
        "Account/bob": "silo-c",
        "Cart/1": "silo-c",
        "Cart/2": "silo-b",
        "Device/0000-0001": "silo-b",
        "x/y": "silo-a",
        "Ä/ß": "silo-c",
      }
    `);
  });

  it("gives the pinned buckets: the first ten bits of the little-endian start of the md5", () => {
    expect(Object.fromEntries(PINNED_KEYS.map((key) => [key, bucketOf(key)])))
      .toMatchInlineSnapshot(`
      {
        "Account/a/b": 419,
        "Account/alice": 958,
        "Account/bob": 516,
        "Cart/1": 287,
        "Cart/2": 999,
        "Device/0000-0001": 51,
        "x/y": 1002,
        "Ä/ß": 408,
      }
    `);
  });

  it("gives the same owners whatever the order of the silos", () => {
    fc.assert(
      fc.property(siloIds, fc.array(keys, { minLength: 1, maxLength: 20 }), (silos, asked) => {
        const ring = ringWith(silos);
        const other = ringWith(silos.toReversed());
        for (const key of asked) expect(other.ownerOf(key)).toBe(ring.ownerOf(key));
      }),
      { numRuns: 30 },
    );
  });

  it("moves keys only to a silo that is added, and only from one that is taken away", () => {
    fc.assert(
      fc.property(
        siloIds,
        fc.stringMatching(/^[0-9a-z]{14}$/),
        fc.array(keys, { minLength: 1, maxLength: 50 }),
        (silos, added, asked) => {
          const before = ringWith(silos);
          const after = ringWith([...silos, added]);
          for (const key of asked)
            expect([before.ownerOf(key), added]).toContain(after.ownerOf(key));
        },
      ),
      { numRuns: 30 },
    );
  });

  it("moves no key between silos that stay, for any number of them", () => {
    for (const count of [6, 13, 27]) {
      const silos = Array.from({ length: count }, (_, index) => `silo-${index}`);
      const before = ownersOf(silos, 2_000);
      const after = ownersOf([...silos, "silo-new"], 2_000);
      const strays = after.filter(
        (owner, index) => owner !== before[index] && owner !== "silo-new",
      );
      expect(strays).toEqual([]);
    }
  });

  it("spreads keys to within a quarter of the mean", () => {
    for (const count of [2, 3, 7, 14]) {
      const silos = Array.from({ length: count }, (_, index) => `silo-${index}`);
      const shares = new Map<string, number>();
      for (const owner of ownersOf(silos, 20_000)) shares.set(owner, (shares.get(owner) ?? 0) + 1);
      const mean = 20_000 / count;
      expect(shares.size).toBe(count);
      for (const share of shares.values()) {
        expect(share).toBeGreaterThan(mean * 0.75);
        expect(share).toBeLessThan(mean * 1.25);
      }
    }
  });

  it("gives a bucket to every silo that owns a key in it", () => {
    fc.assert(
      fc.property(siloIds, fc.array(keys, { minLength: 1, maxLength: 50 }), (silos, asked) => {
        const ring = ringWith(silos);
        for (const key of asked)
          expect(ring.bucketsOf(ring.ownerOf(key) ?? "").has(bucketOf(key))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it("has an owner for every bucket, and no bucket that is none", () => {
    const ring = ringWith(SILOS);
    const buckets = SILOS.flatMap((siloId) => [...ring.bucketsOf(siloId)]);
    expect(new Set(buckets).size).toBe(REMINDER_BUCKETS);
    expect(Math.min(...buckets)).toBe(0);
    expect(Math.max(...buckets)).toBe(REMINDER_BUCKETS - 1);
  });

  it("of nobody owns nothing", () => {
    const ring = new Ring([]);
    expect(ring.ownerOf("Account/alice")).toBeUndefined();
    expect(ring.bucketsOf("silo-a").size).toBe(0);
  });

  it("is the same whatever rings were before it", () => {
    const host = fc.record({
      siloId: fc.constantFrom(...Array.from({ length: 8 }, (_, index) => `silo-${index}`)),
      capacity: fc.constantFrom(0.1, 1, 1, 1, 2.5),
    });
    const hosts = fc.uniqueArray(host, { selector: ({ siloId }) => siloId });
    fc.assert(
      fc.property(fc.array(hosts, { minLength: 1, maxLength: 6 }), (steps) => {
        for (const step of steps) {
          const [ring, whole] = [ringOf(step), new Ring(step)];
          for (const key of SAMPLE) expect(ring.ownerOf(key)).toBe(whole.ownerOf(key));
          for (const { siloId } of step)
            expect(ring.bucketsOf(siloId)).toEqual(whole.bucketsOf(siloId));
        }
      }),
      { numRuns: 60 },
    );
  });

  it("names as heirs of a silo whoever owns its keys in another ring, and nobody who has none of its ring", () => {
    fc.assert(
      fc.property(siloIds, siloIds, fc.array(keys, { maxLength: 200 }), (before, after, some) => {
        const [ring, next] = [ringWith(before), ringWith(after)];
        for (const key of some) {
          const [owner, later] = [ring.ownerOf(key) ?? "", next.ownerOf(key) ?? ""];
          expect(ring.heirsOf(owner, next)).toContain(later);
        }
        for (const siloId of before) expect(ring.heirsOf(siloId, ring)).toEqual(new Set([siloId]));
      }),
      { numRuns: 50 },
    );
  });

  it("agrees with the ring of the package that is behind it", () => {
    const silos = Array.from({ length: 20 }, (_, index) => `silo-${index}`);
    const servers = Object.fromEntries(silos.map((siloId) => [siloId, { vnodes: 64 }]));
    const theirs = new HashRing(servers, "md5", { "max cache size": 1 });
    const ring = ringWith(silos);
    for (const key of SAMPLE) expect(ring.ownerOf(key)).toBe(theirs.get(key));
  });

  it("gives a silo the share that its capacity asks for, and a new capacity moves no other key", () => {
    const others = ["silo-a", "silo-b", "silo-c"].map((siloId) => ({ siloId, capacity: 1 }));
    const [before, after] = [1, 3].map(
      (capacity) => new Ring([...others, { siloId: "silo-d", capacity }]),
    );
    const owned = { before: 0, after: 0 };
    for (let index = 0; index < 20_000; index++) {
      const [was, is] = [before, after].map((ring) => ring?.ownerOf(`Account/${index}`));
      if (was !== is) expect(is).toBe("silo-d");
      if (was === "silo-d") owned.before++;
      if (is === "silo-d") owned.after++;
    }
    expect(owned.before / 20_000).toBeCloseTo(1 / 4, 1);
    expect(owned.after / 20_000).toBeCloseTo(3 / 6, 1);
  });
});

/** Keys of every kind of place. */
const SAMPLE = Array.from({ length: 500 }, (_, index) => `Account/${index * 7}`);

const PINNED_KEYS = [
  "Account/alice",
  "Account/bob",
  "Cart/1",
  "Cart/2",
  "Ä/ß",
  "Account/a/b",
  "Device/0000-0001",
  "x/y",
];
