import { type Member, type MemberState, readAdverts } from "@troupe/core";

const STATES: ReadonlySet<unknown> = new Set<MemberState>(["joining", "active", "draining"]);

/** The value of a member's key. Fields that a later version adds are left alone by this one. */
export function encodeMember(member: Member): Buffer {
  return Buffer.from(JSON.stringify(member));
}

/**
 * The member in the value of a key, or undefined if it is not a record that this version can read.
 */
export function parseMember(value: Buffer): Member | undefined {
  const fields = parseObject(value);
  if (fields === undefined) return undefined;
  const { siloId, address, state, version, labels, capacity, since } = fields;
  const types = readAdverts(fields.types);
  if (typeof siloId !== "string" || typeof address !== "string" || typeof version !== "string")
    return undefined;
  if (!isState(state) || types === undefined || !isTextRecord(labels)) return undefined;
  if (!isAbsentOr(capacity, (number) => number > 0) || !isAbsentOr(since, (number) => number >= 0))
    return undefined;
  return {
    siloId,
    address,
    state,
    types,
    version,
    labels,
    ...(capacity === undefined ? {} : { capacity }),
    ...(since === undefined ? {} : { since }),
  };
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

function isAbsentOr(
  value: unknown,
  isRight: (number: number) => boolean,
): value is number | undefined {
  return value === undefined || (typeof value === "number" && isRight(value));
}

function isState(value: unknown): value is MemberState {
  return STATES.has(value);
}

function isTextRecord(value: unknown): value is Readonly<Record<string, string>> {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.values(value).every((one) => typeof one === "string")
  );
}
