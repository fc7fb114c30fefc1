import type { ReplySink } from "@troupe/client";
import { type Clock, messageOf, type Outcome, toPortable, TroupeError } from "@troupe/core";
import type { Activation } from "../activation/activation.ts";
import type { SystemMethod } from "../activation/activation-parts.ts";
import { OWN_PEER, OWN_PRINCIPAL, ownRequest } from "../activation/own-request.ts";
import { OUTBOX_CHECK } from "../durability/due-entries.ts";
import { StoredActor } from "../durability/stored-actor.ts";
import { runTick, skipTick } from "../reminders/tick.ts";

/**
 * Names of the turns that a silo itself runs in an actor. No method of an actor can have such a
 * name.
 */
export const REMINDER_TURN = "$reminder";
export const SKIP_REMINDER_TURN = "$skipReminder";
export const TIMER_TURN = "$timer";
export const SKIP_TIMER_TURN = "$skipTimer";
/**
 * A letter has arrived; it is given up; what waits is looked at; a receiver may forget; the dead
 * ones are listed, or sent again.
 */
export const ARRIVED_TURN = "$arrived";
export const DIED_TURN = "$died";
export const SETTLED_TURN = "$settled";
export const REMINDERS_TURN = "$reminders";
export const LETTERS_TURN = "$letters";
export const RESEND_TURN = "$resend";

/** Thrown by a reminder turn whose handler threw. Its fields travel with it. */
export class TickThrew extends Error {
  readonly attempts: number;
  readonly backoffMs: number;

  constructor(retry: { readonly attempts: number; readonly backoffMs: number }, cause: unknown) {
    super(`the handler threw: ${messageOf(cause)}`, { cause });
    this.name = "TickThrew";
    this.attempts = retry.attempts;
    this.backoffMs = retry.backoffMs;
  }
}

/**
 * The turns that make reminders and timers tick, by name. Their arguments: name, due time, attempt.
 */
export function systemMethods(clock: Clock): ReadonlyMap<string, SystemMethod> {
  const factsOf = ([name, dueAt, attempt]: readonly unknown[]) => ({
    name: String(name),
    dueAt: Number(dueAt),
    attempt: Number(attempt ?? 1),
    now: clock.now(),
  });
  return new Map<string, SystemMethod>([
    [REMINDER_TURN, (activation, args) => tickReminder(activation, factsOf(args))],
    [
      SKIP_REMINDER_TURN,
      (activation, args) => skipTick(storageOf(activation).reminders, factsOf(args)),
    ],
    [
      TIMER_TURN,
      (activation, args) => {
        const facts = factsOf(args);
        const method = activation.definition.timers.get(facts.name) ?? `@timer(${facts.name})`;
        return runTick(storageOf(activation).timers, facts, (tick) =>
          activation.invoke(method, tick),
        );
      },
    ],
    [SKIP_TIMER_TURN, (activation, args) => skipTick(storageOf(activation).timers, factsOf(args))],
    [ARRIVED_TURN, (activation, [seq]) => storageOf(activation).tables.outbox.arrived(Number(seq))],
    [
      DIED_TURN,
      (activation, [seq, reason]) =>
        storageOf(activation).tables.outbox.die(Number(seq), String(reason), clock.now()),
    ],
    [
      SETTLED_TURN,
      (activation, [sender, seq]) =>
        storageOf(activation).tables.received.settle(String(sender), Number(seq)),
    ],
    [REMINDERS_TURN, (activation) => storageOf(activation).reminders.list()],
    [LETTERS_TURN, (activation) => storageOf(activation).tables.outbox.deadLetters],
    [
      RESEND_TURN,
      (activation, [seq]) => storageOf(activation).tables.outbox.revive(Number(seq), clock.now()),
    ],
  ]);
}

async function tickReminder(
  activation: Activation,
  facts: Parameters<typeof runTick>[1],
): Promise<unknown> {
  const { reminders, outbox } = storageOf(activation).tables;
  if (facts.name === OUTBOX_CHECK) {
    // The letters, if there are any, are being delivered since the activation was loaded.
    if (outbox.checkAt === facts.dueAt) outbox.checked(facts.now);
    else
      forgetWhenStored(
        activation,
        facts,
        () => outbox.adoptedState,
        ({ checkAt }) => checkAt,
      );
    return "ticked";
  }
  const rule = reminders.find(facts.name)?.rule;
  try {
    const method = activation.definition.reminders.get(facts.name) ?? `@reminder(${facts.name})`;
    const result = await runTick(reminders, facts, (tick) => activation.invoke(method, tick));
    if (result === "stale")
      forgetWhenStored(
        activation,
        facts,
        () => reminders.findAdopted(facts.name),
        ({ nextAt }) => nextAt,
      );
    return result;
  } catch (error) {
    activation.log.warn(
      { reminder: facts.name, attempt: facts.attempt, reason: messageOf(error) },
      "a reminder's tick threw",
    );
    throw new TickThrew(rule ?? { attempts: 1, backoffMs: 0 }, error);
  }
}

/**
 * Lets go of a due time that nothing stands for any more, once that is stored: what has taken its
 * place may be a change that never will be, and then the stored reminder has no other entry (D3). A
 * change that is staged later lets go of what it replaces itself.
 */
function forgetWhenStored<R>(
  activation: Activation,
  { name, dueAt }: { readonly name: string; readonly dueAt: number },
  adopted: () => R | undefined,
  dueAtOf: (record: R) => number | undefined,
): void {
  const record = adopted();
  if (record !== undefined && dueAtOf(record) === dueAt) return;
  activation.gate.pass((failure) => {
    if (failure === undefined && adopted() === record) storageOf(activation).forgetDue(name, dueAt);
  });
}

function storageOf(activation: Activation): StoredActor {
  if (activation.storage instanceof StoredActor) return activation.storage;
  throw new TroupeError("INTERNAL", "an activation without a stored actor cannot tick");
}

let turns = 0;

/** Runs a system turn in an activation of this silo, without waking one. */
export function runSystemTurn(
  activation: Activation,
  clock: Clock,
  call: { method: string; args: readonly unknown[] },
): Promise<Outcome> {
  return new Promise((resolve) => {
    const sink: ReplySink = {
      peerId: OWN_PEER,
      principal: OWN_PRINCIPAL,
      reply: (_, outcome) => resolve(outcome),
    };
    const request = ownRequest({
      ...activation.address,
      callId: ++turns,
      method: call.method,
      args: toPortable(call.args, { root: "args" }),
      deadline: clock.monotonic() + activation.definition.callTimeoutMs,
    });
    if (activation.accept(request, sink, clock.monotonic()) === "closing")
      resolve({ kind: "refused", reason: "not-ready", revision: 0 });
  });
}
