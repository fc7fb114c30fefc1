import { type Member, readMember, storedMember } from "@troupe/core";

/** The value of a member's key. */
export function encodeMember(member: Member): Buffer {
  return Buffer.from(JSON.stringify(storedMember(member)));
}

/**
 * The member in the value of a key, or undefined if it is not a record that this version can read.
 */
export function parseMember(value: Buffer): Member | undefined {
  return readMember(parseObject(value));
}

/** The object in a text of JSON, or undefined if it is something else. */
export function parseObject(value: Buffer): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(value.toString());
    return typeof parsed === "object" && parsed !== null
      ? (parsed as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
