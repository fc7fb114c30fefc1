import {
  type InForce,
  inForceOf,
  type Member,
  TroupeError,
  type TypeAdvert,
  type View,
} from "@troupe/core";

/**
 * When a new definition of a type comes into force: as soon as one silo runs it (`first`), when
 * this share of the silos that host the type does, or when all do (`all`).
 */
export type SwitchAt = "first" | "all" | number;

/** A type in a view. */
export interface TypeInView {
  readonly type: string;
  readonly view: View;
  /** A silo that is about to leave, and does not count any more. */
  readonly leaving?: string;
}

/**
 * The record of a type that has none: for what its hosts run, or for the silo's own definition if
 * it is the first one.
 */
export function firstInForce(type: string, own: TypeAdvert, view: View): InForce {
  const [host] = hostsOf({ type, view });
  const { version, digest } = (host && advertOf(host, type)) ?? own;
  const since = view.revision;
  return { version, digest, change: 1, since, previous: undefined, leastVersion: 1 };
}

/**
 * The record that puts the definition `candidate` in force, or undefined if it is not the time for
 * that. Silos vote by running it. A process that was there at the last switch has no vote for the
 * next one: so a definition does not come back because silos crash or start again.
 */
export function switchTo(
  candidate: TypeAdvert,
  where: TypeInView,
  switchAt: SwitchAt,
): InForce | undefined {
  const { type, view } = where;
  const { version, digest } = candidate;
  const record = inForceOf(view, type);
  if (record === undefined || record.digest === digest || version < record.leastVersion)
    return undefined;
  const hosts = hostsOf(where);
  const running = hosts.filter((host) => advertOf(host, type)?.digest === digest);
  if (running.length === 0) return undefined;
  const isOrphaned = !hosts.some((host) => advertOf(host, type)?.digest === record.digest);
  const votes = running.filter(({ since = 0 }) => since > record.since).length;
  const isTime = isOrphaned
    ? !hosts.some((host) => (advertOf(host, type)?.version ?? 0) > version)
    : isEnough(votes / hosts.length, switchAt, digest === record.previous);
  return isTime ? changeTo(candidate, record, view) : undefined;
}

/**
 * The record that puts a definition in force that was chosen by hand; undefined if it is in force.
 * Throws `BAD_CONFIG` if no active silo runs it, and `BAD_DEFINITION` if its version is too low.
 */
export function chosenNext(digest: string, where: TypeInView): InForce | undefined {
  const { type, view } = where;
  const record = inForceOf(view, type);
  if (record?.digest === digest) return undefined;
  const chosen = candidatesFor(where).find((advert) => advert.digest === digest);
  if (record === undefined || chosen === undefined) {
    const message = `no active silo runs a definition ${digest} of ${type}; troupe deploys lists those that run`;
    throw new TroupeError("BAD_CONFIG", message);
  }
  if (chosen.version < record.leastVersion) {
    const message = `state of ${type} was stored by version ${record.leastVersion}, so version ${chosen.version} cannot come back`;
    throw new TroupeError("BAD_DEFINITION", message);
  }
  return changeTo(chosen, record, view);
}

function changeTo({ version, digest }: TypeAdvert, record: InForce, view: View): InForce {
  const { change, leastVersion } = record;
  const since = view.revision;
  return { version, digest, change: change + 1, since, previous: record.digest, leastVersion };
}

/** The adverts of definitions of the type that are not in force. */
export function candidatesFor(where: TypeInView): TypeAdvert[] {
  const digest = inForceOf(where.view, where.type)?.digest;
  const adverts = hostsOf(where).flatMap((host) => advertOf(host, where.type) ?? []);
  return adverts.filter((advert) => advert.digest !== digest);
}

/** True if silos host the type, and none that may be in force. */
export function isAbandoned(where: TypeInView): boolean {
  const { type, view } = where;
  const record = inForceOf(view, type);
  const adverts = hostsOf(where).flatMap((host) => advertOf(host, type) ?? []);
  return (
    record !== undefined &&
    adverts.length > 0 &&
    adverts.every(({ version }) => version < record.leastVersion)
  );
}

/** Going back to the definition before takes more than half in any case. */
function isEnough(share: number, switchAt: SwitchAt, isGoingBack: boolean): boolean {
  if (switchAt === "all") return false;
  if (isGoingBack && share <= 0.5) return false;
  return switchAt === "first" ? share > 0 : share > 0 && share >= switchAt;
}

function hostsOf({ type, view, leaving }: TypeInView): Member[] {
  return view.members.filter(
    (member) =>
      member.state === "active" &&
      member.siloId !== leaving &&
      advertOf(member, type) !== undefined,
  );
}

function advertOf({ types }: Member, type: string): TypeAdvert | undefined {
  return Object.hasOwn(types, type) ? types[type] : undefined;
}
