import {
  type ActorAddress,
  type Clock,
  type InputBinding,
  type Logger,
  messageOf,
  type Scheduled,
  type SourceEvent,
  type SourceOutcome,
  type SourceReading,
  type SourceReceiver,
  TroupeError,
} from "@troupe/core";
import { routeTrigger } from "./route-trigger.ts";
import { type Trigger, triggerName } from "./trigger.ts";
import { deskTypeOf } from "./trigger-desk.ts";
import { ASIDE_TURN, TRIGGER_TURN } from "./trigger-turns.ts";

const LONGEST_PAUSE_MS = 30_000;

/** Between tries to read a source that is away, and to reach an actor. */
const AGAIN_MS = 1_000;

/** What a reader works with. */
export interface TriggerReaderParts {
  readonly type: string;
  readonly trigger: Trigger;
  readonly input: InputBinding;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Runs a system turn of an actor, wherever it lives. Resolves when it is stored. */
  callTurn(address: ActorAddress, turn: string, args: readonly unknown[]): Promise<unknown>;
}

/**
 * Reads a source on one silo, and hands its events to the actors of a trigger.
 *
 * TRIG-1. An event is done only when the turn that handled it is stored, or when the desk of the
 *         trigger has stored it (K6).
 * TRIG-2. At most `concurrency` events are taken and not done. The source keeps the others.
 * TRIG-3. A handler that throws, or does not end in time, runs `attempts` times. Then the event
 *         goes to the desk, and its place is free for others. What certainly did not run is tried
 *         for as long as it takes.
 * TRIG-4. After `stop` nothing is taken. `stop` resolves when nothing is under way any more; what
 *         waited for another try goes back to the source.
 */
export class TriggerReader implements SourceReceiver {
  readonly #parts: TriggerReaderParts;
  readonly #name: string;
  /** Ends each pause. */
  readonly #pauses = new Map<Scheduled, () => void>();
  #reading: SourceReading | undefined;
  #opening: Promise<void> | undefined;
  #isOver = false;

  constructor(parts: TriggerReaderParts) {
    this.#parts = parts;
    this.#name = triggerName(parts.trigger.component, parts.trigger.method);
  }

  /** Begins to read, and goes on to try if the source is away. */
  start(): void {
    this.#opening = this.#open();
  }

  async receive(event: SourceEvent): Promise<SourceOutcome> {
    const { type, trigger } = this.#parts;
    let target: ActorAddress;
    try {
      target = routeTrigger(type, trigger, event);
    } catch (error) {
      return this.#putAside(event, error);
    }
    let pauseMs = trigger.backoffMs;
    for (let attempt = 1; !this.#isOver;) {
      // oxlint-disable-next-line no-await-in-loop -- one attempt after the other.
      const failure = await this.#try(target, TRIGGER_TURN, [this.#name, event]);
      if (failure === undefined) return "done";
      if (!isUnrun(failure.error) && attempt++ >= trigger.attempts)
        return this.#putAside(event, failure.error);
      // oxlint-disable-next-line no-await-in-loop -- as above.
      await this.#pause(pauseMs);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
    return "again";
  }

  onBroken(error: Error): void {
    this.#reading = undefined;
    this.#warn({ event: "source_broken" }, error, "a source broke off; it is read again");
    if (!this.#isOver) this.#opening = this.#openLater();
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    for (const [pause, end] of this.#pauses) {
      pause.cancel();
      end();
    }
    await this.#opening;
    await this.#reading?.stop();
  }

  async #openLater(): Promise<void> {
    await this.#pause(AGAIN_MS);
    await this.#open();
  }

  async #open(): Promise<void> {
    const { input, trigger } = this.#parts;
    while (!this.#isOver) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- until the source is there.
        this.#reading = await input.read(trigger.concurrency, this);
        return;
      } catch (error) {
        this.#warn({ event: "source_away" }, error, "a source cannot be read; trying again");
        // oxlint-disable-next-line no-await-in-loop -- as above.
        await this.#pause(AGAIN_MS);
      }
    }
  }

  async #putAside(event: SourceEvent, error: unknown): Promise<SourceOutcome> {
    const { type, logger } = this.#parts;
    const desk = { type: deskTypeOf(type), id: this.#name };
    const reason = messageOf(error);
    logger.error(
      { event: "trigger_failed", trigger: this.#name, type, source: event.id, reason },
      "an event is put aside; the others go on",
    );
    while (!this.#isOver) {
      // oxlint-disable-next-line no-await-in-loop -- until the desk has it.
      if ((await this.#try(desk, ASIDE_TURN, [event])) === undefined) return "done";
      // oxlint-disable-next-line no-await-in-loop -- as above.
      await this.#pause(AGAIN_MS);
    }
    return "again";
  }

  async #try(
    address: ActorAddress,
    turn: string,
    args: readonly unknown[],
  ): Promise<{ readonly error: unknown } | undefined> {
    try {
      await this.#parts.callTurn(address, turn, args);
      return undefined;
    } catch (error) {
      return { error };
    }
  }

  #pause(ms: number): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    return new Promise((resolve) => {
      const pause = this.#parts.clock.schedule(ms, () => {
        this.#pauses.delete(pause);
        resolve();
      });
      this.#pauses.set(pause, resolve);
    });
  }

  #warn(fields: { readonly event: string }, error: unknown, message: string): void {
    const { logger, trigger } = this.#parts;
    logger.warn({ ...fields, component: trigger.component, reason: messageOf(error) }, message);
  }
}

/** True if the handler certainly did not run, and may another time. */
function isUnrun(error: unknown): boolean {
  return error instanceof TroupeError && error.ran === "no" && error.retryable;
}
