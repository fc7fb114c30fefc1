import { REMINDER_BUCKETS } from "@troupe/core";
import HashRing from "hashring";
import { hashOf } from "./key-hash.ts";

/**
 * Points on the ring for each silo are four times this. More even the shares out (the largest is
 * about 5 % over the mean), fewer are quicker to build. It must differ from hashring's default of
 * 40, for which the package rounds instead of counting, and every process of a cluster must have
 * the same: changing it moves nearly every actor.
 */
const POINTS_PER_SILO = 64;

const BUCKET_WIDTH = 2 ** 32 / REMINDER_BUCKETS;

/** The reminder bucket of an actor's key: the part of the ring that the key falls on. */
export function bucketOf(key: string): number {
  return Math.floor(hashOf(key) / BUCKET_WIDTH);
}

/**
 * Which of a set of silos owns a key. Every process that builds a ring of the same silos gets the
 * same answers, whatever it saw before: a ring is built whole and never changed.
 */
export class Ring {
  readonly #ring: HashRing;
  readonly #siloIds: ReadonlySet<string>;
  #bucketOwners: ReadonlyMap<string, ReadonlySet<number>> | undefined;

  constructor(siloIds: readonly string[]) {
    this.#siloIds = new Set(siloIds);
    const servers = Object.fromEntries(
      [...siloIds].toSorted().map((siloId) => [siloId, { vnodes: POINTS_PER_SILO }]),
    );
    this.#ring = new HashRing(servers, "md5", { "max cache size": 1 });
  }

  ownerOf(key: string): string | undefined {
    return this.#ring.ring[this.#ring.find(hashOf(key))]?.server;
  }

  has(siloId: string): boolean {
    return this.#siloIds.has(siloId);
  }

  /** The buckets that hold keys of each silo. A bucket on a border stands with more than one. */
  bucketOwners(): ReadonlyMap<string, ReadonlySet<number>> {
    return (this.#bucketOwners ??= this.#findBucketOwners());
  }

  #findBucketOwners(): ReadonlyMap<string, ReadonlySet<number>> {
    const owners = new Map<string, Set<number>>();
    const points = this.#ring.ring;
    const first = points[0];
    if (first === undefined) return owners;
    const own = (siloId: string, bucket: number): void => {
      const buckets = owners.get(siloId);
      if (buckets === undefined) owners.set(siloId, new Set([bucket]));
      else buckets.add(bucket);
    };
    let next = 0;
    for (let bucket = 0; bucket < REMINDER_BUCKETS; bucket++) {
      const end = (bucket + 1) * BUCKET_WIDTH;
      // A key belongs to the first point at or after it: so to the points within the bucket, and to
      // the one behind it.
      for (; next < points.length && (points[next]?.value ?? 0) < end; next++)
        own(points[next]?.server ?? "", bucket);
      own((points[next] ?? first).server, bucket);
    }
    return owners;
  }
}

/**
 * Rings that are kept. Most views differ from the last in something else than who is active, and
 * then share its ring.
 */
const KEPT_RINGS = 16;

const kept = new Map<string, Ring>();

/**
 * The ring of a set of silos. Rings never change, so those that were made lately are given again:
 * making one takes milliseconds.
 */
export function ringOf(siloIds: readonly string[]): Ring {
  const key = siloIds.toSorted().join();
  const ring = kept.get(key) ?? new Ring(siloIds);
  kept.delete(key);
  kept.set(key, ring);
  const [oldest] = kept.keys();
  if (kept.size > KEPT_RINGS && oldest !== undefined) kept.delete(oldest);
  return ring;
}
