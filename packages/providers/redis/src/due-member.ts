import type { DueEntry } from "@troupe/core";

/**
 * The member of a bucket's sorted set that stands for an entry: `[type, id, name, dueAt]`, and the
 * tag unless it is empty. It has the due time too, so that a reminder may stand in the set at two
 * times, and exactly, whatever becomes of the score. It is part of the stored format: it starts
 * with `[`, so that another format can start otherwise.
 */
export function dueMember({ address, name, dueAt, tag }: DueEntry): string {
  const parts = [address.type, address.id, name, dueAt];
  return JSON.stringify(tag === "" ? parts : [...parts, tag]);
}

/**
 * The entry that a member of the bucket stands for, or undefined if it is none that this version
 * wrote.
 */
export function parseDueMember(bucket: number, member: string): DueEntry | undefined {
  const parts = parseArray(member);
  if (parts === undefined) return undefined;
  const [type, id, name, dueAt, tag = ""] = parts;
  if (
    typeof type !== "string" ||
    typeof id !== "string" ||
    typeof name !== "string" ||
    typeof dueAt !== "number" ||
    typeof tag !== "string"
  )
    return undefined;
  return { bucket, address: { type, id }, name, dueAt, tag };
}

function parseArray(text: string): unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
