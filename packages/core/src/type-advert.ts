/** How the owners of a type's actors are chosen among the silos that host it. */
export interface TypePlacement {
  /** Only silos that have all of these labels own actors of the type. */
  readonly labels: Readonly<Record<string, string>>;
  /**
   * Actors whose ids are the same up to the first separator live together. Undefined: each actor
   * has a place of its own.
   */
  readonly separator: string | undefined;
  /** Any suitable silo serves any call of the type: it is a stateless worker. */
  readonly anywhere?: true;
}

/** The placement of a type that says nothing of it: evenly over all silos that host it. */
export const EVEN_PLACEMENT: TypePlacement = { labels: {}, separator: undefined };

/** What a member says of one actor type that it hosts. */
export interface TypeAdvert {
  /** The version of the definition. */
  readonly version: number;
  /** Equal for two definitions if silos that have one each can host the type together. */
  readonly digest: string;
  readonly placement: TypePlacement;
  /**
   * The reentrancy of the definition. Undefined if the silo is of a version that cannot run beside
   * another definition of the type.
   */
  readonly reentrancy?: string;
  /**
   * What else the silo can do for actors of the type, in words that mean something to the feature
   * that the type is of. It may differ from silo to silo.
   */
  readonly offers?: readonly string[];
}

/** The adverts of a member by type, or undefined if this version cannot read them. */
export function readAdverts(given: unknown): Readonly<Record<string, TypeAdvert>> | undefined {
  if (!isObject(given)) return undefined;
  const adverts: [string, TypeAdvert][] = [];
  for (const [type, value] of Object.entries(given)) {
    const advert = readAdvert(value);
    if (advert === undefined) return undefined;
    adverts.push([type, advert]);
  }
  return Object.fromEntries(adverts);
}

/** True if silos with these adverts place the actors of the type in the same way. */
export function isSamePlacement(one: TypePlacement, other: TypePlacement): boolean {
  const names = Object.keys(one.labels);
  return (
    one.separator === other.separator &&
    one.anywhere === other.anywhere &&
    names.length === Object.keys(other.labels).length &&
    hasLabels(other.labels, one.labels)
  );
}

/** True if all the `wanted` labels are among those that something `has`. */
export function hasLabels(has: TypePlacement["labels"], wanted: TypePlacement["labels"]): boolean {
  return Object.entries(wanted).every(
    ([name, value]) => Object.hasOwn(has, name) && has[name] === value,
  );
}

/** Silos of before adverts say the digest alone. */
function readAdvert(given: unknown): TypeAdvert | undefined {
  if (typeof given === "string") return { version: 1, digest: given, placement: EVEN_PLACEMENT };
  if (!isObject(given)) return undefined;
  const { version, digest, reentrancy } = given;
  const placement = readPlacement(given.placement);
  if (typeof version !== "number" || typeof digest !== "string") return undefined;
  if (placement === undefined || reentrancy === undefined)
    return placement && { version, digest, placement };
  if (typeof reentrancy !== "string") return undefined;
  const offers = readOffers(given.offers);
  return { version, digest, placement, reentrancy, ...(offers && { offers }) };
}

function readOffers(given: unknown): readonly string[] | undefined {
  if (!Array.isArray(given)) return undefined;
  return given.filter((offer) => typeof offer === "string");
}

function readPlacement(given: unknown): TypePlacement | undefined {
  if (!isObject(given)) return undefined;
  const { labels, separator } = given;
  if (!isObject(labels) || !Object.values(labels).every((label) => typeof label === "string"))
    return undefined;
  if (separator !== undefined && typeof separator !== "string") return undefined;
  const placement = { labels: labels as Record<string, string>, separator };
  return given.anywhere === true ? { ...placement, anywhere: true } : placement;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
