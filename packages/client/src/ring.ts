import { REMINDER_BUCKETS } from "@troupe/core";
import HashRing from "hashring";
import { hashOf } from "./key-hash.ts";

/**
 * Points on the ring for a silo of capacity 1 are four times this. More even the shares out (the
 * largest is about 5 % over the mean), fewer are quicker to build. Every process of a cluster must
 * have the same: changing it moves nearly every actor.
 */
const POINTS_PER_SILO = 64;

/** The highest that a hash can be. */
const LAST_VALUE = 2 ** 32 - 1;

const BUCKET_WIDTH = 2 ** 32 / REMINDER_BUCKETS;

/** The reminder bucket of an actor's key: the part of the ring that the key falls on. */
export function bucketOf(key: string): number {
  return Math.floor(hashOf(key) / BUCKET_WIDTH);
}

/** A silo that has a share of a ring. */
export interface RingHost {
  readonly siloId: string;
  /** Its share, against those of the others: with 2 it has twice as much as one with 1. */
  readonly capacity: number;
}

/**
 * Which of a set of silos owns a key. Every process that has a ring of the same silos gets the same
 * answers, in whatever order it saw them come and go.
 */
export class Ring {
  readonly #hosts: ReadonlyMap<string, RingHost>;
  /** The points, in order; a key belongs to the first one at or after its hash. */
  readonly #values: Uint32Array;
  /** Whose each point is. Of points that are the same the one of the lower id comes first. */
  readonly #owners: readonly string[];
  /** By silo, where its points are in the list, once somebody has asked. */
  readonly #places = new Map<string, readonly number[]>();

  /** `before` is a ring of other hosts, from which this one is made more quickly. */
  constructor(hosts: readonly RingHost[], before?: Ring) {
    this.#hosts = new Map(hosts.map((host) => [host.siloId, host]));
    const isNew = (host: RingHost): boolean => before === undefined || !before.#hasSame(host);
    const others = before === undefined ? NO_POINTS : before.#pointsIn(this);
    [this.#values, this.#owners] = merged(others, pointsOf(hosts.filter(isNew)));
  }

  ownerOf(key: string): string | undefined {
    return this.#owners[this.#find(hashOf(key))] ?? this.#owners[0];
  }

  has(siloId: string): boolean {
    return this.#hosts.has(siloId);
  }

  /** The buckets that hold keys of the silo. A bucket on a border is of more than one silo. */
  bucketsOf(siloId: string): ReadonlySet<number> {
    const buckets = new Set<number>();
    const values = this.#values;
    let next = 0;
    for (let bucket = 0; bucket < REMINDER_BUCKETS && values.length > 0; bucket++) {
      const end = (bucket + 1) * BUCKET_WIDTH;
      // A key belongs to the first point at or after it: so to the points within the bucket, and to
      // the one behind it.
      for (; next < values.length && (values[next] ?? 0) < end; next++)
        if (this.#owners[next] === siloId) buckets.add(bucket);
      if (this.#owners[next % values.length] === siloId) buckets.add(bucket);
    }
    return buckets;
  }

  /** The silos that own in another ring what the silo owns in this one. */
  heirsOf(siloId: string, next: Ring): ReadonlySet<string> {
    const heirs = new Set<string>();
    for (const place of this.#placesOf(siloId)) {
      const end = this.#values[place] ?? 0;
      const start = place === 0 ? -1 : (this.#values[place - 1] ?? 0);
      if (start < end) next.#addOwners(start, end, heirs);
      // What lies behind the last point belongs to the first.
      if (place === 0) next.#addOwners(this.#values.at(-1) ?? 0, LAST_VALUE, heirs);
    }
    return heirs;
  }

  /** Adds who owns the keys with hashes above `start`, up to and with `end`. */
  #addOwners(start: number, end: number, owners: Set<string>): void {
    for (let place = this.#find(start + 1); ; place++) {
      const owner = this.#owners[place] ?? this.#owners[0];
      if (owner === undefined) return;
      owners.add(owner);
      if ((this.#values[place] ?? LAST_VALUE) >= end) return;
    }
  }

  #placesOf(siloId: string): readonly number[] {
    const known = this.#places.get(siloId);
    if (known !== undefined) return known;
    const places: number[] = [];
    for (let place = 0; place < this.#owners.length; place++)
      if (this.#owners[place] === siloId) places.push(place);
    this.#places.set(siloId, places);
    return places;
  }

  /** The index of the first point at or after the value; that of none if there is none. */
  #find(value: number): number {
    let low = 0;
    let high = this.#values.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#values[middle] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #hasSame({ siloId, capacity }: RingHost): boolean {
    return this.#hosts.get(siloId)?.capacity === capacity;
  }

  /** The points that another ring has as well. */
  #pointsIn(other: Ring): Points {
    const gone = new Set<string>();
    for (const host of this.#hosts.values()) if (!other.#hasSame(host)) gone.add(host.siloId);
    if (gone.size === 0) return [this.#values, this.#owners];
    const values = new Uint32Array(this.#values.length);
    const owners: string[] = [];
    for (const [index, owner] of this.#owners.entries()) {
      if (gone.has(owner)) continue;
      values[owners.length] = this.#values[index] ?? 0;
      owners.push(owner);
    }
    return [values.subarray(0, owners.length), owners];
  }
}

/** Points of a ring in order, and whose each is. */
type Points = readonly [values: Uint32Array, owners: readonly string[]];

const NO_POINTS: Points = [new Uint32Array(), []];

/** hashring says where the points of a silo lie: it hashes as ketama does. */
function pointsOf(hosts: readonly RingHost[]): Points {
  const points = hosts.flatMap(({ siloId, capacity }) => {
    const vnodes = Math.max(1, Math.round(POINTS_PER_SILO * capacity));
    return new HashRing({ [siloId]: { vnodes } }, "md5", { "max cache size": 1 }).ring;
  });
  points.sort((one, other) => one.value - other.value || (one.server < other.server ? -1 : 1));
  return [Uint32Array.from(points, ({ value }) => value), points.map(({ server }) => server)];
}

function merged([values, owners]: Points, [newValues, newOwners]: Points): Points {
  if (values.length === 0) return [newValues, newOwners];
  if (newValues.length === 0) return [values, owners];
  const allValues = new Uint32Array(values.length + newValues.length);
  const allOwners: string[] = [];
  let [index, added] = [0, 0];
  for (let place = 0; place < allValues.length; place++) {
    const [value, newValue] = [values[index], newValues[added]];
    const isOld =
      newValue === undefined ||
      (value !== undefined &&
        (value < newValue ||
          (value === newValue && (owners[index] ?? "") < (newOwners[added] ?? ""))));
    allValues[place] = (isOld ? value : newValue) ?? 0;
    allOwners.push((isOld ? owners[index++] : newOwners[added++]) ?? "");
  }
  return [allValues, allOwners];
}

/**
 * Rings that are kept. Most views differ from the last in something else than who is active, and
 * then share its ring.
 */
const KEPT_RINGS = 16;

const kept = new Map<string, Ring>();

/**
 * The ring of a set of silos. Rings never change, so those that were made lately are given again,
 * and a new one is made from the last: from nothing it takes milliseconds.
 */
export function ringOf(hosts: readonly RingHost[]): Ring {
  const key = hosts
    .map(({ siloId, capacity }) => `${siloId}*${capacity}`)
    .toSorted()
    .join();
  const ring = kept.get(key) ?? new Ring(hosts, [...kept.values()].at(-1));
  kept.delete(key);
  kept.set(key, ring);
  const [oldest] = kept.keys();
  if (kept.size > KEPT_RINGS && oldest !== undefined) kept.delete(oldest);
  return ring;
}
