import type { Envelope, Random, View } from "@troupe/core";
import type { MembershipMutation } from "./sim-membership.ts";
import type { SimNetwork } from "./sim-network.ts";
import type { SimProcess } from "./sim-process.ts";

export const MUTATIONS = ["lease-guard", "fence", "release", "incarnation", "watch-revision", "mailbox"] as const;

/**
 * One safeguard that is switched off, from outside: each is made by what a silo is given, so the runtime holds no switch for it.
 *
 * - `lease-guard`: the silo is told that its lease lasts a year, while the registry goes on with the real one.
 * - `fence`: the store writes whatever it is told.
 * - `release`: every silo is told, with each view, that all others have released it.
 * - `incarnation`: a silo registers under the same id again, so that what was meant for its former life hits the new one.
 * - `watch-revision`: a watch starts after its first view was given, and what changed between is never seen.
 * - `mailbox`: every turn may run beside every other.
 */
export type Mutation = (typeof MUTATIONS)[number];

const YEAR_MS = 365 * 86_400_000;

/** The lease that a silo is told to have. */
export function toldLeaseMs(mutation: Mutation | undefined, leaseTtlMs: number): number {
  return mutation === "lease-guard" ? YEAR_MS : leaseTtlMs;
}

/** What the mutation does to the membership port of a process. */
export function mutateMembership(
  mutation: Mutation | undefined,
  parts: { readonly process: SimProcess; readonly network: SimNetwork; readonly leaseTtlMs: number },
): MembershipMutation {
  switch (mutation) {
    case "lease-guard":
      return { leaseTtlMs: parts.leaseTtlMs };
    case "watch-revision":
      return { losesViews: true };
    case "release":
      return { onViewGiven: (view) => releaseAll(parts, view) };
    case "fence":
    case "incarnation":
    case "mailbox":
    case undefined:
      return {};
  }
}

/** What the mutation does to envelopes that arrive. */
export function mutateEnvelope(mutation: Mutation | undefined): (envelope: Envelope) => Envelope {
  if (mutation !== "release") return (envelope) => envelope;
  return (envelope) => (envelope.kind === "released" ? { ...envelope, holding: [] } : envelope);
}

/** The chance of one process in a slot: repeated, every id that is drawn from it is the same. */
export function mutateRandom(mutation: Mutation | undefined, random: Random, slotRandom: Random): Random {
  if (mutation !== "incarnation") return random;
  const numbers = Array.from({ length: 13 }, () => slotRandom.next());
  let drawn = 0;
  return { next: () => numbers[drawn++ % numbers.length] ?? 0 };
}

function releaseAll({ process, network }: { readonly process: SimProcess; readonly network: SimNetwork }, view: View): void {
  // A client has no part in it.
  if (process.siloId === "") return;
  for (const end of network.endsOf(process)) {
    if (end.remote.role === "silo") end.inject({ kind: "released", revision: view.revision, holding: [] });
  }
}
