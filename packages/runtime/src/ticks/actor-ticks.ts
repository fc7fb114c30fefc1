import { type ActorAddress, type Clock, formatAddress, type Logger } from "@troupe/core";
import type { Activation } from "../activation/activation.ts";
import type { Letter } from "../durability/outbox.ts";
import type { StoredActor } from "../durability/stored-actor.ts";
import type { ReminderServiceParts, TickOutcome } from "../reminders/reminder-service.ts";
import { Courier } from "./courier.ts";
import {
  ARRIVED_TURN,
  DIED_TURN,
  REMINDER_TURN,
  runSystemTurn,
  SETTLED_TURN,
  SKIP_REMINDER_TURN,
  SKIP_TIMER_TURN,
  TickThrew,
  TIMER_TURN,
} from "./system-turns.ts";
import { TimerService } from "../reminders/timer-service.ts";

/** Calls a system turn of an actor, wherever it lives. */
export type CallSystemTurn = (address: ActorAddress, method: string, args: readonly unknown[]) => Promise<unknown>;

/** How the reminder service reaches actors: by calls like any other, which wake them. */
export function reminderTicks(call: CallSystemTurn): Pick<ReminderServiceParts, "tick" | "skip"> {
  return {
    async tick({ address, name, dueAt }, attempt): Promise<TickOutcome> {
      try {
        const result = await call(address, REMINDER_TURN, [name, dueAt, attempt]);
        return { kind: result === "early" ? "early" : "done" };
      } catch (error) {
        if (!isTickThrew(error)) throw error;
        return { kind: "threw", attempts: error.attempts, backoffMs: error.backoffMs };
      }
    },
    async skip({ address, name, dueAt }) {
      await call(address, SKIP_REMINDER_TURN, [name, dueAt]);
    },
  };
}

/** How the timers of one activation tick. A timer whose handler throws moves on. Returns what to call when they have changed. */
export function timersOf(clock: Clock, activation: Activation, storage: StoredActor): () => void {
  const service = new TimerService(clock, {
    get isDisposed() {
      return storage.isDisposed;
    },
    records: () => storage.timers.values(),
    async tick(name, dueAt) {
      const outcome = await runSystemTurn(activation, clock, { method: TIMER_TURN, args: [name, dueAt] });
      if (outcome.kind !== "error" || storage.isDisposed) return;
      activation.log.warn({ timer: name }, "a timer's tick threw; the timer moves on");
      await runSystemTurn(activation, clock, { method: SKIP_TIMER_TURN, args: [name, dueAt] });
    },
  });
  return () => service.rearm();
}

/** How a letter reaches its receiver. */
export type DeliverLetter = (letter: Letter, key: string) => Promise<unknown>;

/** How the letters of one activation are delivered. Returns what to call when letters are stored. */
export function courierOf(
  parts: { readonly clock: Clock; readonly logger: Logger; readonly deliver: DeliverLetter; readonly call: CallSystemTurn },
  activation: Activation,
  storage: StoredActor,
): (upTo: number) => void {
  const { clock, logger, deliver, call } = parts;
  const sender = activation.address;
  let courier: Courier | undefined;
  return (upTo) => {
    courier ??= new Courier({
      clock,
      logger,
      sender,
      letters: () => storage.outbox.letters,
      get isDisposed() {
        return storage.isDisposed;
      },
      deliver,
      async arrived(seq) {
        await runSystemTurn(activation, clock, { method: ARRIVED_TURN, args: [seq] });
      },
      async died(seq, reason) {
        await runSystemTurn(activation, clock, { method: DIED_TURN, args: [seq, reason] });
      },
      settled(letter) {
        // A receiver that does not hear of it remembers the sender longer, which is harmless.
        call(letter, SETTLED_TURN, [formatAddress(sender), letter.seq]).catch(() => undefined);
      },
    });
    courier.stored(upTo);
  };
}

/** What was thrown has travelled, so it is told by its name and not by its class. */
function isTickThrew(error: unknown): error is TickThrew {
  return error instanceof Error && error.name === TickThrew.name && "attempts" in error && "backoffMs" in error;
}
