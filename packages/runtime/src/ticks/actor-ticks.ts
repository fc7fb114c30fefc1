import { runOutsideTurns } from "@troupe/client";
import {
  type ActorAddress,
  type Clock,
  type Delivery,
  formatAddress,
  type Logger,
} from "@troupe/core";
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
export type CallSystemTurn = (
  address: ActorAddress,
  method: string,
  args: readonly unknown[],
) => Promise<unknown>;

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

/** How a letter reaches its receiver. */
export type DeliverLetter = (letter: Letter, delivery: Delivery) => Promise<unknown>;

export interface ActorTicksParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly deliver: DeliverLetter;
  readonly call: CallSystemTurn;
}

/**
 * What activations do by themselves: their timers, and the delivery of what they sent. Most do
 * neither, and cost nothing here.
 */
export class ActorTicks {
  readonly #parts: ActorTicksParts;
  readonly #timers = new WeakMap<StoredActor, TimerService>();
  readonly #couriers = new WeakMap<StoredActor, Courier>();

  constructor(parts: ActorTicksParts) {
    this.#parts = parts;
  }

  /** The timers of the activation are not what they were. */
  timersChanged(activation: Activation, storage: StoredActor): void {
    const service = this.#timers.get(storage) ?? this.#createTimers(activation, storage);
    this.#timers.set(storage, service);
    runOutsideTurns(() => service.rearm());
  }

  /** Letters of the activation up to this number are stored. */
  lettersStored(activation: Activation, storage: StoredActor, upTo: number): void {
    const courier = this.#couriers.get(storage) ?? this.#createCourier(activation, storage);
    this.#couriers.set(storage, courier);
    // The turn that woke the actor may be another's: a letter that belonged to it would be a part
    // of it, and be undone with it.
    runOutsideTurns(() => courier.stored(upTo));
  }

  /** The activation is over. */
  ended(storage: StoredActor): void {
    this.#timers.get(storage)?.rearm();
    this.#couriers.get(storage)?.dispose();
  }

  /** A timer whose handler throws moves on. */
  #createTimers(activation: Activation, storage: StoredActor): TimerService {
    const { clock } = this.#parts;
    return new TimerService(clock, {
      get isDisposed() {
        return storage.isDisposed;
      },
      records: () => storage.timers.values(),
      async tick(name, dueAt) {
        const outcome = await runSystemTurn(activation, clock, {
          method: TIMER_TURN,
          args: [name, dueAt],
        });
        if (outcome.kind !== "error" || storage.isDisposed) return;
        activation.log.warn({ timer: name }, "a timer's tick threw; the timer moves on");
        await runSystemTurn(activation, clock, { method: SKIP_TIMER_TURN, args: [name, dueAt] });
      },
    });
  }

  #createCourier(activation: Activation, storage: StoredActor): Courier {
    const { clock, logger, deliver, call } = this.#parts;
    const sender = activation.address;
    return new Courier({
      clock,
      logger,
      sender,
      letters: () => storage.tables.outbox.letters,
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
  }
}

/** What was thrown has travelled, so it is told by its name and not by its class. */
function isTickThrew(error: unknown): error is TickThrew {
  return (
    error instanceof Error &&
    error.name === TickThrew.name &&
    "attempts" in error &&
    "backoffMs" in error
  );
}
