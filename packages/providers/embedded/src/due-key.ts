import type { DueEntry } from "@troupe/core";
import { actorKey, parseActorKey } from "./actor-key.ts";
import { TIME_BYTES, timeKey, timeOf } from "./time-key.ts";

const BUCKET_BYTES = 2;
const ADDRESS_START = BUCKET_BYTES + TIME_BYTES;

/** Between name and tag; no UTF-8 has this byte. */
const TAG_MARK = 0xff;
const TAG_START = Buffer.from([TAG_MARK]);

/**
 * The key of an entry of the due index: bucket, time, actor, name, and the tag if there is one. In
 * a bucket the keys stand in order of time. Part of the stored format (see `folder-format.ts`).
 */
export function dueKey(entry: DueEntry): Buffer {
  return Buffer.concat([
    bucketKey(entry.bucket, entry.dueAt),
    actorKey(entry.address),
    Buffer.from(entry.name),
    ...(entry.tag === "" ? [] : [TAG_START, Buffer.from(entry.tag)]),
  ]);
}

/**
 * Not higher than the key of every entry of the bucket that is due at `time` or later, and higher
 * than that of every other.
 */
export function bucketKey(bucket: number, time: number): Buffer {
  const key = Buffer.allocUnsafe(ADDRESS_START);
  key.writeUInt16BE(bucket, 0);
  timeKey(time).copy(key, BUCKET_BYTES);
  return key;
}

/** Higher than the key of every entry of the bucket that is due at `until` or sooner. */
export function bucketEnd(bucket: number, until: number): Buffer {
  const key = bucketKey(bucket, until);
  // The next larger time: the eight bytes are one big-endian number in the order of times.
  key.writeBigUInt64BE(key.readBigUInt64BE(BUCKET_BYTES) + 1n, BUCKET_BYTES);
  return key;
}

/** Not higher than the key of every entry of the bucket that comes after that entry. */
export function keyAfter(bucket: number, after: DueEntry): Buffer {
  if (bucket < after.bucket) return bucketEnd(bucket, after.dueAt);
  if (bucket > after.bucket) return bucketKey(bucket, after.dueAt);
  // The next key in the order of bytes.
  return Buffer.concat([dueKey(after), Buffer.alloc(1)]);
}

export function parseDueKey(bytes: Uint8Array): DueEntry {
  const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { address, end } = parseActorKey(key, ADDRESS_START);
  const mark = key.indexOf(TAG_MARK, end);
  return {
    bucket: key.readUInt16BE(0),
    dueAt: timeOf(key.subarray(BUCKET_BYTES)),
    address,
    name: key.toString("utf8", end, mark < 0 ? key.length : mark),
    tag: mark < 0 ? "" : key.toString("utf8", mark + 1),
  };
}
