import type { InForce, InForceByType } from "./in-force.ts";
import type { TypeAdvert } from "./type-advert.ts";

/**
 * How far a silo is: it joins, it serves, or it drains and leaves. Only an active silo owns actors.
 */
export type MemberState = "joining" | "active" | "draining";

/**
 * One silo as the others see it. `siloId` is new for each start of a process: a silo that lost its
 * lease never comes back under the same id.
 */
export interface Member {
  readonly siloId: string;
  /** `host:port` where the other silos and the clients reach it. */
  readonly address: string;
  readonly state: MemberState;
  /** The actor types that it hosts, and what it says of each. */
  readonly types: Readonly<Record<string, TypeAdvert>>;
  /** Troupe's version. */
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Its share of the actors, against those of the others. Undefined is 1. */
  readonly capacity?: number;
  /** The revision of the view before its process first registered. Undefined is 0. */
  readonly since?: number;
}

/**
 * The members at one revision of the membership store. Views are totally ordered by `revision`, and
 * two views with the same revision are equal.
 */
export interface View {
  readonly revision: number;
  /** Sorted by `siloId`. */
  readonly members: readonly Member[];
  /**
   * Which definition of a type is in force, by type. A type without a record has the same
   * definition on all silos.
   */
  readonly inForce?: InForceByType;
}

/** The record of a type, if it has one. */
export function inForceOf({ inForce }: View, type: string): InForce | undefined {
  return inForce !== undefined && Object.hasOwn(inForce, type) ? inForce[type] : undefined;
}

/** The view before any was seen: it has no members and is older than every other view. */
export const EMPTY_VIEW: View = { revision: 0, members: [] };

/** How many silos a view has, for people. */
export function siloCount({ members }: View): string {
  return members.length === 1 ? "1 silo" : `${members.length} silos`;
}
