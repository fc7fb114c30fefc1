import type { Member, MemberState } from "./member.ts";
import { readAdverts, type TypeAdvert } from "./type-advert.ts";

const STATES: ReadonlySet<unknown> = new Set<MemberState>(["joining", "active", "draining"]);

/**
 * A member as it is written down, for JSON. Silos of the first versions read it as well: they know
 * `types` as the digest of each type, and leave fields alone that they do not know.
 */
export interface StoredMember extends Omit<Member, "types"> {
  readonly types: Readonly<Record<string, string>>;
  readonly adverts: Readonly<Record<string, Omit<TypeAdvert, "digest">>>;
}

/** What is written down of a member. */
export function storedMember({ types, ...rest }: Member): StoredMember {
  const entries = Object.entries(types);
  return {
    ...rest,
    types: Object.fromEntries(entries.map(([type, { digest }]) => [type, digest])),
    adverts: Object.fromEntries(entries.map(([type, advert]) => [type, withoutDigest(advert)])),
  };
}

/** The member in a record, or undefined if it is not one that this version can read. */
export function readMember(given: unknown): Member | undefined {
  if (!isObject(given)) return undefined;
  const { siloId, address, state, version, labels, capacity, since } = given;
  const types = readAdverts(withAdverts(given.types, given.adverts));
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

function withoutDigest({ version, placement, reentrancy }: TypeAdvert): Omit<TypeAdvert, "digest"> {
  return reentrancy === undefined ? { version, placement } : { version, placement, reentrancy };
}

function withAdverts(types: unknown, adverts: unknown): unknown {
  if (!isObject(types) || !isObject(adverts)) return types;
  const entries = Object.entries(types).map(([type, digest]): [string, unknown] => {
    const advert = Object.hasOwn(adverts, type) ? adverts[type] : undefined;
    return [type, isObject(advert) ? { ...advert, digest } : digest];
  });
  return Object.fromEntries(entries);
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
  return isObject(value) && Object.values(value).every((one) => typeof one === "string");
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
