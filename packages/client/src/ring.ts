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
 *
 * Silos have numbers here, and points lie in typed arrays, so that a ring is made from another one
 * by copying what lies between the points that differ: a few at a time it takes microseconds.
 */
export class Ring {
  readonly #hosts: ReadonlyMap<string, RingHost>;
  /** By number; undefined where a silo of an earlier ring was. */
  readonly #ids: readonly (string | undefined)[];
  readonly #points: Points;

  /** `before` is a ring of other hosts, from which this one is made more quickly. */
  constructor(hosts: readonly RingHost[], before?: Ring) {
    this.#hosts = new Map(hosts.map((host) => [host.siloId, host]));
    const isNew = (host: RingHost): boolean => before === undefined || !before.#hasSame(host);
    const added = hosts.filter(isNew);
    const [ids, kept] = before === undefined ? [[], NO_POINTS] : before.#without(this);
    for (const { siloId } of added) ids[freeNumber(ids)] = siloId;
    this.#ids = ids;
    this.#points = merged(kept, pointsOf(added), ids);
  }

  ownerOf(key: string): string | undefined {
    return this.#ownerAt(find(this.#points, hashOf(key)));
  }

  has(siloId: string): boolean {
    return this.#hosts.has(siloId);
  }

  /** The buckets that hold keys of the silo. A bucket on a border is of more than one silo. */
  bucketsOf(siloId: string): ReadonlySet<number> {
    const buckets = new Set<number>();
    this.#forEachArc(siloId, (start, end) => {
      const last = Math.floor(end / BUCKET_WIDTH);
      for (let bucket = Math.floor((start + 1) / BUCKET_WIDTH); bucket <= last; bucket++)
        buckets.add(bucket);
    });
    return buckets;
  }

  /** The silos that own in another ring what the silo owns in this one. */
  heirsOf(siloId: string, next: Ring): ReadonlySet<string> {
    const heirs = new Set<string>();
    this.#forEachArc(siloId, (start, end) => {
      for (let place = find(next.#points, start + 1); ; place++) {
        const owner = next.#ownerAt(place);
        if (owner !== undefined) heirs.add(owner);
        if ((next.#points.values[place] ?? LAST_VALUE) >= end) return;
      }
    });
    return heirs;
  }

  /**
   * Calls `see` with each part of the ring that is the silo's: above `start`, up to and with `end`.
   */
  #forEachArc(siloId: string, see: (start: number, end: number) => void): void {
    const { values } = this.#points;
    for (const place of this.#placesOf(siloId)) {
      const end = values[place] ?? 0;
      const start = place === 0 ? -1 : (values[place - 1] ?? 0);
      if (start < end) see(start, end);
      const last = values.at(-1) ?? LAST_VALUE;
      // What lies behind the last point belongs to the first.
      if (place === 0 && last < LAST_VALUE) see(last, LAST_VALUE);
    }
  }

  #ownerAt(place: number): string | undefined {
    const { owners } = this.#points;
    const owner = owners[place] ?? owners[0];
    return owner === undefined ? undefined : this.#ids[owner];
  }

  /** Where the points of a silo are, in order. */
  #placesOf(siloId: string): number[] {
    const { owners } = this.#points;
    const number = this.#ids.indexOf(siloId);
    const places: number[] = [];
    // A search that the engine does itself: a loop over all points takes a hundred times as long.
    for (let at = owners.indexOf(number); at >= 0; at = owners.indexOf(number, at + 1))
      places.push(at);
    return places;
  }

  #hasSame({ siloId, capacity }: RingHost): boolean {
    return this.#hosts.get(siloId)?.capacity === capacity;
  }

  /** The points that another ring has as well, and the numbers of their silos. */
  #without(other: Ring): [ids: (string | undefined)[], points: Points] {
    const ids = this.#ids.slice();
    const gone = [...this.#hosts.values()].filter((host) => !other.#hasSame(host));
    const places = gone.flatMap(({ siloId }) => this.#placesOf(siloId)).toSorted((a, b) => a - b);
    for (const { siloId } of gone) ids[ids.indexOf(siloId)] = undefined;
    const kept = pointsFor(this.#points.values.length - places.length);
    let [from, to] = [0, 0];
    for (const place of [...places, this.#points.values.length]) {
      copyPoints({ of: this.#points, from, until: place }, kept, to);
      to += place - from;
      from = place + 1;
    }
    return [ids, kept];
  }
}

/** Points of a ring in order; a key belongs to the first one at or after its hash. */
interface Points {
  readonly values: Uint32Array;
  /**
   * The number of the silo whose each point is. Of points that are the same the one of the lower id
   * comes first.
   */
  readonly owners: Uint32Array;
}

/** A point of a silo that is new. */
interface NewPoint {
  readonly value: number;
  readonly server: string;
}

function pointsFor(count: number): Points {
  return { values: new Uint32Array(count), owners: new Uint32Array(count) };
}

const NO_POINTS = pointsFor(0);

/** The first number that no silo has. */
function freeNumber(ids: readonly (string | undefined)[]): number {
  const free = ids.indexOf(undefined);
  return free < 0 ? ids.length : free;
}

/** The index of the first point at or after the value; that of none if there is none. */
function find({ values }: Points, value: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface PointRange {
  readonly of: Points;
  readonly from: number;
  readonly until: number;
}

function copyPoints({ of, from, until }: PointRange, into: Points, at: number): void {
  into.values.set(of.values.subarray(from, until), at);
  into.owners.set(of.owners.subarray(from, until), at);
}

/** hashring says where the points of a silo lie: it hashes as ketama does. */
function pointsOf(hosts: readonly RingHost[]): NewPoint[] {
  const points = hosts.flatMap(({ siloId, capacity }) => {
    const vnodes = Math.max(1, Math.round(POINTS_PER_SILO * capacity));
    return new HashRing({ [siloId]: { vnodes } }, "md5", { "max cache size": 1 }).ring;
  });
  return points.toSorted(
    (one, other) => one.value - other.value || (one.server < other.server ? -1 : 1),
  );
}

/** The kept points with the new ones between. */
function merged(
  kept: Points,
  added: readonly NewPoint[],
  ids: readonly (string | undefined)[],
): Points {
  if (added.length === 0) return kept;
  const numbers = new Map(ids.map((id, number) => [id, number]));
  const all = pointsFor(kept.values.length + added.length);
  let [from, to] = [0, 0];
  for (const { value, server } of added) {
    let until = find(kept, value);
    while (kept.values[until] === value && (ids[kept.owners[until] ?? 0] ?? "") < server) until++;
    copyPoints({ of: kept, from, until }, all, to);
    to += until - from;
    from = until;
    all.values[to] = value;
    all.owners[to++] = numbers.get(server) ?? 0;
  }
  copyPoints({ of: kept, from, until: kept.values.length }, all, to);
  return all;
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
