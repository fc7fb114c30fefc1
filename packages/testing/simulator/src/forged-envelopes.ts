import { type Envelope, type RequestEnvelope, toPortable } from "@troupe/core";
import type { Dice } from "./dice.ts";
import { POPULATION } from "./draw-calls.ts";

/** What a stranger may have found out about the cluster: all of it, since it may have been told. */
export interface Known {
  /** On the clock of the stranger. */
  readonly now: number;
  readonly revision: number;
  readonly siloIds: readonly string[];
  readonly clientIds: readonly string[];
}

/** Numbers of calls and durable sends that the stranger guesses. */
const CALLS_MAX = 120;
const SENDS_MAX = 6;

/** Actors of a call chain: as many as one may have. */
const CHAIN_MAX = 100;

const SYSTEM_TURNS = [
  "$arrived",
  "$died",
  "$settled",
  "$reminder",
  "$skipReminder",
  "$timer",
  "$outbox",
  "$drop",
  "$resend",
] as const;

type Forge = (dice: Dice, known: Known) => Envelope;

/**
 * What somebody who knows the clients' secret may send, beside honest calls. Each does harm if one
 * of its fields is believed, and none if it is not: none writes by itself.
 */
const FORGERIES: readonly [Forge, ...Forge[]] = [
  // The next durable sends of the sender would be taken for repetitions (D7).
  (dice, known) => {
    const delivery = {
      sender: address(dice, "Account", "a"),
      seq: 1 + dice.below(1_000_000),
      asks: dice.chance(0.5),
    };
    return request(dice, known, { ...account(dice), method: "facts", delivery });
  },
  (dice, known) => {
    const key = `s:${1 + dice.below(1_000_000)}:${address(dice, "Account", "a")}`;
    return request(dice, known, { ...account(dice), method: "facts", idempotencyKey: key });
  },
  // A pending send would be forgotten, and a reminder be ticked or passed over (D3, D7).
  (dice, known) => {
    const args = [1 + dice.below(SENDS_MAX), `Account/a${dice.below(4)}`, true];
    const target = dice.chance(0.7) ? account(dice) : alarm(dice);
    return request(dice, known, { ...target, method: dice.of(SYSTEM_TURNS), args: packed(args) });
  },
  // It would run beside a turn, as a part of it (C1).
  (dice, known) => {
    const plain = { type: "Plain", id: `p${dice.below(POPULATION.Plain)}` };
    const chain = Array.from({ length: CHAIN_MAX }, () => ({
      ...plain,
      turn: `${someOf(dice, known.siloIds)}/${somePeer(dice, known)}:${1 + dice.below(CALLS_MAX)}`,
    }));
    return request(dice, known, { ...plain, method: "touch", args: packed(["forged", 2]), chain });
  },
  // A silo would take what it has not been given (C1).
  (_, { revision }) => ({ kind: "released", revision, holding: [] }),
  // A call would get an answer that no actor gave.
  (dice) => ({
    kind: "reply",
    callId: 1 + dice.below(CALLS_MAX),
    outcome: { kind: "value", payload: { value: -666, revive: false, size: 3 } },
  }),
  // A call of somebody else would be cancelled (C6).
  (dice) => ({ kind: "cancel", callId: 1 + dice.below(CALLS_MAX), ...someActor(dice) }),
  // It would wait for a view that never comes.
  (dice, known) =>
    request(dice, known, {
      ...account(dice),
      method: "facts",
      revision: Number.MAX_SAFE_INTEGER,
      deadline: Number.POSITIVE_INFINITY,
    }),
  // The answer would be kept for a call of somebody else (C4).
  (dice, known) => {
    const key = `a:${somePeer(dice, known)}:${1 + dice.below(CALLS_MAX)}`;
    return request(dice, known, { ...cell(dice), method: "read", idempotencyKey: key });
  },
  // A silo would leave, or a member be taken for gone.
  (dice, known) => {
    const silo = { type: "$silo", id: someOf(dice, known.siloIds) };
    const method = dice.of(["drain", "hasFoundGone", "waitOf", "snapshot"]);
    return request(dice, known, { ...silo, method, args: packed([{}]) });
  },
];

/** The next envelope of a stranger. */
export function forge(dice: Dice, known: Known): Envelope {
  return dice.of(FORGERIES)(dice, known);
}

function request(dice: Dice, known: Known, forged: Partial<RequestEnvelope>): RequestEnvelope {
  return {
    kind: "request",
    callId: 1 + dice.below(CALLS_MAX),
    type: "Account",
    id: "a0",
    method: "facts",
    args: packed(["forged"]),
    deadline: known.now + dice.between(50, 3_000),
    revision: known.revision,
    chain: [],
    oneWay: dice.chance(0.1),
    headers: undefined,
    idempotencyKey: undefined,
    delivery: undefined,
    stream: undefined,
    ...forged,
  };
}

function packed(args: readonly unknown[]): RequestEnvelope["args"] {
  return toPortable(args, { root: "args" });
}

function account(dice: Dice): { readonly type: string; readonly id: string } {
  return { type: "Account", id: `a${dice.below(POPULATION.Account)}` };
}

function alarm(dice: Dice): { readonly type: string; readonly id: string } {
  return { type: "Alarm", id: `m${dice.below(POPULATION.Alarm)}` };
}

function cell(dice: Dice): { readonly type: string; readonly id: string } {
  return { type: "Cell", id: `c${dice.below(POPULATION.Cell)}` };
}

function someActor(dice: Dice): { readonly type: string; readonly id: string } {
  return dice.of([account, alarm, cell])(dice);
}

function address(dice: Dice, type: "Account", prefix: string): string {
  return `${type}/${prefix}${dice.below(POPULATION[type])}`;
}

function someOf(dice: Dice, ids: readonly string[]): string {
  return ids[dice.below(ids.length)] ?? "";
}

function somePeer(dice: Dice, { siloIds, clientIds }: Known): string {
  return someOf(dice, [...siloIds, ...clientIds]);
}
