import type { Clock, Envelope, Member, Random, View } from "@troupe/core";
import { offsetClock } from "@troupe/testkit";
import type { MembershipMutation } from "./sim-membership.ts";
import type { DeliveryMutation, SimNetwork } from "./sim-network.ts";
import type { SimProcess } from "./sim-process.ts";
import { STRANGER } from "./sim-stranger.ts";

export const MUTATIONS = [
  "lease-guard",
  "release",
  "gap",
  "mailbox",
  "fence",
  "acknowledge",
  "twice",
  "kept-results",
  "incarnation",
  "order",
  "drain",
  "watch-revision",
  "stay",
  "wall-clock",
  "due-entries",
  "due-tag",
  "delete",
  "timers",
  "letters",
  "letter-numbers",
  "client-cleaning",
  "awake-entries",
  "answers",
  "refusals",
  "retired-epochs",
  "if-active",
  "import",
  "list",
  "retirement",
  "in-force",
  "state-version",
  "least-version",
  "items-twice",
  "items-lost",
  "items-unstored",
  "stream-ends",
  "news-stored",
  "news-effect",
  "news-order",
  "news-lost",
  "flow-rerun",
  "flow-unstored",
  "flow-forgetful",
  "flow-asleep",
  "flow-outcome-lost",
  "flow-start-twice",
  "flow-ask-twice",
  "flow-key",
  "flow-early",
  "flow-swallow",
  "flow-event-order",
  "flow-carry",
  "flow-undo-order",
  "flow-cancel",
  "flow-terminate",
  "flow-clock",
  "flow-chance",
] as const;

/**
 * One safeguard that is switched off, from outside: each is made by what a silo is given, so the
 * runtime holds no switch for it.
 */
export type Mutation = (typeof MUTATIONS)[number];

/** The rule that each breaks, and how. */
export const MUTANTS: Readonly<Record<Mutation, { readonly rule: string; readonly how: string }>> =
  {
    "lease-guard": {
      rule: "C1",
      how: "a silo is told that its lease lasts a year, while the registry goes on with the real one",
    },
    release: {
      rule: "C1",
      how: "every silo is told, with each view, that all others have released it",
    },
    gap: {
      rule: "C1",
      how: "a silo is told of each view that it followed the one before, though some were skipped",
    },
    mailbox: { rule: "C1", how: "every turn may run beside every other" },
    fence: { rule: "C2", how: "the store writes whatever it is told" },
    acknowledge: {
      rule: "C3",
      how: "the store says of some commits that it has them, and has not",
    },
    twice: { rule: "C4", how: "a link delivers some requests twice" },
    "kept-results": {
      rule: "C4",
      how: "the store forgets the results that are kept for repetitions of a call",
    },
    incarnation: {
      rule: "C4",
      how: "a silo registers under the same id again, and its calls are taken for those of its former life",
    },
    order: { rule: "C5", how: "a request overtakes the one before it on its link" },
    drain: { rule: "C6", how: "a silo that is to stop is killed" },
    "watch-revision": {
      rule: "C6",
      how: "a watch starts after its first view was given, and what changed between is never seen",
    },
    stay: {
      rule: "C7",
      how: "a silo is told, before each view in which others came or went, that it is about to leave itself",
    },
    "wall-clock": {
      rule: "D3",
      how: "a silo's wall clock is ahead of the one by which its ticks are judged",
    },
    "due-entries": { rule: "D3", how: "the index of due times loses some entries" },
    "due-tag": {
      rule: "D3",
      how: "a removal that arrives late takes what was set since for the same time, whatever its tag",
    },
    delete: { rule: "D3", how: "the store keeps what it is told to remove" },
    timers: { rule: "D3", how: "the store forgets timers" },
    letters: { rule: "D7", how: "the store forgets durable sends" },
    "letter-numbers": {
      rule: "D7",
      how: "the store forgets which durable sends a receiver has had",
    },
    "client-cleaning": {
      rule: "D7",
      how: "what a stranger sends is taken as what a silo says, and not cleaned",
    },
    "awake-entries": {
      rule: "D7",
      how: "the index loses the entries by which a new owner wakes an actor",
    },
    answers: {
      rule: "D7",
      how: "the store forgets what a receiver answered to a durable send",
    },
    refusals: {
      rule: "D7",
      how: "a receiver is asked to refuse another durable send than the one that has failed",
    },
    "retired-epochs": {
      rule: "C2",
      how: "the store forgets an actor, and with it its epoch, as soon as it is retired",
    },
    retirement: {
      rule: "linearizability",
      how: "the store keeps the fields of an actor that is destroyed",
    },
    "if-active": {
      rule: "if-active",
      how: "a link loses that a request is not to wake its actor",
    },
    import: {
      rule: "import",
      how: "a silo that imports a chest is not shown what is stored of it",
    },
    "in-force": { rule: "V1", how: "nobody is shown which definition of a type is in force" },
    "state-version": {
      rule: "linearizability",
      how: "the store forgets which version of an actor's type has stored its state (V2)",
    },
    "least-version": {
      rule: "C6",
      how: "the registry forgets that a later version has stored state, so that an older one comes back",
    },
    "items-twice": { rule: "V7", how: "a link delivers some items of streams twice" },
    "items-lost": { rule: "V7", how: "a link loses some items of streams" },
    "items-unstored": {
      rule: "V7",
      how: "the store says of some commits of boards that it has them, and has not",
    },
    "stream-ends": { rule: "V7", how: "a link loses what says that a stream has ended" },
    "news-stored": {
      rule: "published-once-stored",
      how: "a partition stores each event twice",
    },
    "news-effect": {
      rule: "effect-once",
      how: "a reader takes some events that were handled for some that have yet to be",
    },
    "news-order": {
      rule: "key-order",
      how: "a partition stores some events behind those that came after them",
    },
    "news-lost": {
      rule: "nothing-lost",
      how: "a partition takes what a reader has read for what it is done with",
    },
    "flow-rerun": { rule: "W1", how: "a step runs once more when its result is stored" },
    "flow-unstored": {
      rule: "W2",
      how: "a step starts when its turn ends, and not when that is stored",
    },
    "flow-forgetful": {
      rule: "W3",
      how: "the store gives other results of steps than it was told",
    },
    "flow-asleep": { rule: "W4", how: "runs have no entry by which a new owner wakes them" },
    "flow-outcome-lost": {
      rule: "W4",
      how: "a run says of some results of steps that it has them, and has not",
    },
    "flow-start-twice": { rule: "W5", how: "the store forgets that there is a run" },
    "flow-ask-twice": { rule: "W6", how: "a run sends each call of an actor twice" },
    "flow-key": { rule: "W6", how: "each attempt of a step has a key of its own" },
    "flow-early": { rule: "W7", how: "the clock of runs is ahead now and then" },
    "flow-swallow": { rule: "W8", how: "a run says of some events that it has them, and has not" },
    "flow-event-order": {
      rule: "W8",
      how: "a run takes some events behind those that came after them",
    },
    "flow-carry": { rule: "W8", how: "a run that continues forgets the events that nobody took" },
    "flow-undo-order": { rule: "W9", how: "a run takes back first what it did first" },
    "flow-cancel": { rule: "W9", how: "a run says that it is cancelled, and is not" },
    "flow-terminate": { rule: "W9", how: "a run says that it is terminated, and goes on" },
    "flow-clock": { rule: "W13", how: "the time of a run is that of its process" },
    "flow-chance": { rule: "W13", how: "the chance of a run is that of its process" },
    list: { rule: "list", how: "a page of the stored actors leaves its last one out" },
  };

const YEAR_MS = 365 * 86_400_000;

/** Of the requests, one of so many is delivered twice. */
const TWICE_ONE_OF = 9;

const AHEAD_MS = 2_000;

/** The lease that a silo is told to have. */
export function toldLeaseMs(mutation: Mutation | undefined, leaseTtlMs: number): number {
  return mutation === "lease-guard" ? YEAR_MS : leaseTtlMs;
}

interface MutantParts {
  readonly process: SimProcess;
  readonly network: SimNetwork;
  readonly leaseTtlMs: number;
}

const MEMBERSHIPS: Partial<Record<Mutation, (parts: MutantParts) => MembershipMutation>> = {
  "lease-guard": ({ leaseTtlMs }) => ({ leaseTtlMs }),
  "watch-revision": () => ({ losesViews: true }),
  gap: () => ({ hidesGaps: true }),
  release: (parts) => ({ onViewGiven: (view) => releaseAll(parts, view) }),
  "in-force": () => ({ shows: ({ revision, members }) => ({ revision, members }) }),
  "least-version": () => ({
    takes: (next) =>
      Object.fromEntries(
        Object.entries(next).map(([type, record]) => [type, { ...record, leastVersion: 1 }]),
      ),
  }),
  stay: ({ process }) => ({ toldBefore: (view, before) => leavingFirst(process, view, before) }),
};

const DELIVERIES: Partial<Record<Mutation, DeliveryMutation>> = {
  release: {
    arriving: (envelope) => [
      envelope.kind === "released" ? { ...envelope, holding: [] } : envelope,
    ],
  },
  twice: { arriving: (envelope) => (isOneOfSome(envelope) ? [envelope, envelope] : [envelope]) },
  "items-twice": {
    arriving: (envelope) => (isSomeItem(envelope) ? [envelope, envelope] : [envelope]),
  },
  "items-lost": { arriving: (envelope) => (isSomeItem(envelope) ? [] : [envelope]) },
  "stream-ends": {
    arriving: (envelope) =>
      envelope.kind === "item" && envelope.item.kind !== "value" ? [] : [envelope],
  },
  order: { swapsRequests: true },
  "client-cleaning": { believes: STRANGER },
  "if-active": { arriving: (envelope) => [waking(envelope)] },
  refusals: { arriving: (envelope) => [ofAnotherSend(envelope)] },
};

/** What the mutation does to the membership port of a process. */
export function mutateMembership(
  mutation: Mutation | undefined,
  parts: MutantParts,
): MembershipMutation {
  return (mutation === undefined ? undefined : MEMBERSHIPS[mutation]?.(parts)) ?? {};
}

/** What the mutation does to what links carry. */
export function mutateDelivery(mutation: Mutation | undefined): DeliveryMutation {
  return (mutation === undefined ? undefined : DELIVERIES[mutation]) ?? {};
}

/** The clock that the silo of a process is given. */
export function mutateClock(mutation: Mutation | undefined, clock: Clock): Clock {
  return mutation === "wall-clock" ? offsetClock(clock, { wallMs: AHEAD_MS }) : clock;
}

/** True if a silo that is to stop is not told so, but killed. */
export function killsInstead(mutation: Mutation | undefined): boolean {
  return mutation === "drain";
}

/** The chance of one process in a slot: repeated, every id that is drawn from it is the same. */
export function mutateRandom(
  mutation: Mutation | undefined,
  random: Random,
  slotRandom: Random,
): Random {
  if (mutation !== "incarnation") return random;
  const numbers = Array.from({ length: 13 }, () => slotRandom.next());
  let drawn = 0;
  return { next: () => numbers[drawn++ % numbers.length] ?? 0 };
}

function isSomeItem(envelope: Envelope): boolean {
  if (envelope.kind !== "item" || envelope.item.kind !== "value") return false;
  const { index } = envelope.item.payload.value as { readonly index: number };
  return index % TWICE_ONE_OF === 1;
}

function waking(envelope: Envelope): Envelope {
  if (envelope.kind !== "request") return envelope;
  const { ifActive: _, ...request } = envelope;
  return request;
}

/** A refusal of a send that nobody has made. */
function ofAnotherSend(envelope: Envelope): Envelope {
  if (envelope.kind !== "request" || envelope.method !== "$refuse") return envelope;
  const [sender, , error] = envelope.args.value as readonly unknown[];
  const args = { ...envelope.args, value: [`${String(sender)}!`, 1, error] };
  return { ...envelope, args, delivery: undefined };
}

function isOneOfSome(envelope: Envelope): boolean {
  return envelope.kind === "request" && envelope.callId % TWICE_ONE_OF === 0;
}

/**
 * A view between the last one and this, in which the silo of the process is about to leave;
 * undefined if the others are the same.
 */
function leavingFirst(
  { siloId }: SimProcess,
  view: View,
  before: View | undefined,
): View | undefined {
  const isActive =
    before?.members.some((member) => member.siloId === siloId && member.state === "active") ===
    true;
  if (before === undefined || !isActive || membersOf(before) === membersOf(view)) return undefined;
  const members = before.members.map((member): Member =>
    member.siloId === siloId ? { ...member, state: "draining" } : member,
  );
  return { ...before, revision: view.revision - 0.5, members };
}

function membersOf({ members }: View): string {
  return members.map(({ siloId, state }) => `${siloId} ${state}`).join();
}

function releaseAll({ process, network }: MutantParts, view: View): void {
  // A client has no part in it.
  if (process.siloId === "") return;
  for (const end of network.endsOf(process)) {
    if (end.remote.role === "silo")
      end.inject({ kind: "released", revision: view.revision, holding: [] });
  }
}
