import { createHash } from "node:crypto";

/** PostgreSQL cuts longer names off without a word, and two of them might become one. */
const NAME_BYTES_MAX = 63;

/** What is kept of a long name, for who reads it; each character may be three bytes. */
const START_KEPT = 7;

const DIGEST_KEPT = 32;

/**
 * The schema that holds a cluster's tables: `troupe_bank`. It is part of the stored format: a
 * change of it loses data.
 *
 * SCHM-1. Two clusters never have the same schema. A name that is too long is cut, and gets a
 *     digest of the whole and another prefix.
 */
export function schemaOf(cluster: string): string {
  const name = `troupe_${cluster}`;
  if (Buffer.byteLength(name) <= NAME_BYTES_MAX) return name;
  const digest = createHash("sha256").update(cluster).digest("hex").slice(0, DIGEST_KEPT);
  return `troupe-${cluster.slice(0, START_KEPT)}-${digest}`;
}

/** A name as it stands in a statement, whatever its characters are. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
