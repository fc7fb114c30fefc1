import type { AdminClient } from "@troupe/admin";
import { type Member, messageOf, TroupeError } from "@troupe/core";
import type { HealthResponse, SnapshotResponse } from "@troupe/sdk";

/**
 * One silo as `status --json` shows it. What only the silo itself knows is null if it did not
 * answer, and what a silo of an earlier version does not tell is null, too.
 */
export interface SiloStatus {
  readonly siloId: string;
  readonly address: string;
  /** What the membership says. A silo that hangs keeps it until its lease has run out. */
  readonly state: string;
  /** False while the silo cannot tell whether its lease lives, and so stands still. */
  readonly serving: boolean | null;
  /** For so long the silo serves at least, unless its lease is renewed before. */
  readonly leaseMarginMs: number | null;
  readonly leaseTtlMs: number | null;
  /** What the silo does not reach, with the reason of each. */
  readonly unreached: Readonly<Partial<Record<Dependency, string>>> | null;
  /** Part of all actors that it owns, from 0 to 1. */
  readonly ownership: number;
  readonly activations: number | null;
  readonly activationsByType: Readonly<Record<string, number>> | null;
  readonly callsTotal: number | null;
  readonly callsPerSecond: number | null;
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly capacity: number;
  /** Why the silo did not answer, or null. */
  readonly error: string | null;
}

/** What every silo needs. */
export type Dependency = "membership" | "state" | "reminders";

/** Asks the silo how it is. Never rejects. */
export async function statusOf(
  admin: AdminClient,
  member: Member,
  ownership: number,
): Promise<SiloStatus> {
  const { siloId, address, state, version, labels, capacity = 1 } = member;
  const known = { siloId, address, state, ownership, version, labels, capacity };
  try {
    const [snapshot, health] = await Promise.all([admin.snapshot(siloId), healthOf(admin, siloId)]);
    return { ...known, ...toldBy(snapshot), ...foundBy(health), error: null };
  } catch (error) {
    return { ...known, ...NOTHING_TOLD, ...foundBy(undefined), error: messageOf(error) };
  }
}

/** What is wrong with the silo, one sentence each. A silo that joins or drains is in order. */
export function problemsOf(silo: SiloStatus): string[] {
  const { siloId, state, error, serving, unreached } = silo;
  if (error !== null) return [`${siloId} did not answer: ${error}`];
  const problems = Object.entries(unreached ?? {}).map(
    ([dependency, reason]) => `${siloId} does not reach its ${NAMES[dependency]}: ${reason}`,
  );
  if (serving === false && state !== "joining")
    problems.unshift(`${siloId} does not serve: it cannot tell whether its lease lives`);
  return problems;
}

const NAMES: Readonly<Record<string, string>> = {
  membership: "membership",
  state: "store of states",
  reminders: "store of reminders",
};

/** Undefined if the silo is of a version that does not tell. */
async function healthOf(admin: AdminClient, siloId: string): Promise<HealthResponse | undefined> {
  try {
    return await admin.health(siloId);
  } catch (error) {
    if (error instanceof TroupeError && error.code === "NO_SUCH_METHOD") return undefined;
    throw error;
  }
}

type Told = Pick<
  SiloStatus,
  "serving" | "activations" | "activationsByType" | "callsTotal" | "callsPerSecond"
>;

const NOTHING_TOLD: Told = {
  serving: null,
  activations: null,
  activationsByType: null,
  callsTotal: null,
  callsPerSecond: null,
};

function toldBy(snapshot: SnapshotResponse): Told {
  const { serving, activations, activationsByType, callsTotal, callsPerSecond } = snapshot;
  return { serving, activations, activationsByType, callsTotal, callsPerSecond };
}

function foundBy(
  health: HealthResponse | undefined,
): Pick<SiloStatus, "leaseMarginMs" | "leaseTtlMs" | "unreached"> {
  if (health === undefined) return { leaseMarginMs: null, leaseTtlMs: null, unreached: null };
  const { leaseMarginMs, leaseTtlMs, membershipError, stateError, remindersError } = health;
  const unreached = {
    ...(membershipError === "" ? {} : { membership: membershipError }),
    ...(stateError === "" ? {} : { state: stateError }),
    ...(remindersError === "" ? {} : { reminders: remindersError }),
  };
  return { leaseMarginMs, leaseTtlMs, unreached };
}
