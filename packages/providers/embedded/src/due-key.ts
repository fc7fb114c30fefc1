import type { DueEntry } from "@troupe/core";
import { actorKey, parseActorKey } from "./actor-key.ts";

const BUCKET_BYTES = 2;
const TIME_BYTES = 8;
const ADDRESS_START = BUCKET_BYTES + TIME_BYTES;

/**
 * Before the tag of an entry that has one. It is no byte of UTF-8, so no name can be taken for a
 * name and a tag.
 */
const TAG_MARK = 0xff;

/**
 * The key of an entry of the due index: bucket, time, actor, name, and its tag if it has one. In a
 * bucket the keys stand in order of time. Part of the stored format (see `folder-format.ts`).
 */
export function dueKey({ bucket, dueAt, address, name, tag }: DueEntry): Buffer {
  const parts = [bucketKey(bucket, dueAt), actorKey(address), Buffer.from(name)];
  if (tag !== "") parts.push(Buffer.from([TAG_MARK]), Buffer.from(tag));
  return Buffer.concat(parts);
}

/**
 * Not higher than the key of every entry of the bucket that is due at `time` or later, and higher
 * than that of every other.
 */
export function bucketKey(bucket: number, time: number): Buffer {
  const key = Buffer.allocUnsafe(ADDRESS_START);
  key.writeUInt16BE(bucket, 0);
  key.writeDoubleBE(time + 0, BUCKET_BYTES);
  flipTime(key, (key[BUCKET_BYTES] ?? 0) >= 0x80);
  return key;
}

/** Higher than the key of every entry of the bucket that is due at `until` or sooner. */
export function bucketEnd(bucket: number, until: number): Buffer {
  const key = bucketKey(bucket, until);
  // The next larger time: the eight bytes are one big-endian number in the order of times.
  key.writeBigUInt64BE(key.readBigUInt64BE(BUCKET_BYTES) + 1n, BUCKET_BYTES);
  return key;
}

export function parseDueKey(bytes: Uint8Array): DueEntry {
  // A copy, because the times are flipped back in place.
  const key = Buffer.from(bytes);
  flipTime(key, (key[BUCKET_BYTES] ?? 0) < 0x80);
  const { address, end } = parseActorKey(key, ADDRESS_START);
  const mark = key.indexOf(TAG_MARK, end);
  return {
    bucket: key.readUInt16BE(0),
    dueAt: key.readDoubleBE(BUCKET_BYTES),
    address,
    name: key.toString("utf8", end, mark < 0 ? key.length : mark),
    tag: mark < 0 ? "" : key.toString("utf8", mark + 1),
  };
}

/**
 * Between a double's bytes and bytes that sort as the numbers do: negative ones turn whole, others
 * turn their sign.
 */
function flipTime(key: Buffer, negative: boolean): void {
  if (!negative) {
    key[BUCKET_BYTES] = (key[BUCKET_BYTES] ?? 0) ^ 0x80;
    return;
  }
  for (let index = BUCKET_BYTES; index < ADDRESS_START; index++)
    key[index] = (key[index] ?? 0) ^ 0xff;
}
