import { runOutsideTurns } from "@troupe/client";
import type { FieldChange, Fields } from "@troupe/core";
import {
  type DurablePart,
  handlersOf,
  type PartHost,
  type PartKey,
  partKey,
  type PartState,
} from "@troupe/sdk";
import { dueTickOf } from "./reminders-part.ts";
import { SCHEDULE_PREFIXES, ScheduleTable } from "./schedule-table.ts";
import { runTick, skipTick } from "./tick.ts";
import { TimerTicks } from "./timer-ticks.ts";

const TIMER_TURN = "$timer";
const SKIP_TIMER_TURN = "$skipTimer";

/** The timers of one actor, and what makes them tick while it is active. */
export class ActorTimers implements PartState {
  readonly table: ScheduleTable;
  readonly #ticks: TimerTicks;

  constructor(host: PartHost) {
    const table = new ScheduleTable(host, "timer");
    this.table = table;
    this.#ticks = new TimerTicks(host.clock, {
      get isDisposed() {
        return host.isDisposed;
      },
      records: () => table.values(),
      tick: (name, dueAt) => tick(host, name, dueAt),
    });
  }

  load(fields: Fields): void {
    this.table.load(fields);
  }

  collect(): FieldChange[] {
    return this.table.collect();
  }

  adopt(): void {
    const { isChanged } = this.table;
    this.table.adopt();
    if (isChanged) this.#rearm();
  }

  rollback(): void {
    this.table.rollback();
  }

  loaded(): void {
    this.#rearm();
  }

  disposed(): void {
    this.#ticks.rearm();
  }

  /**
   * A tick is nobody's: not of the turn that changed the timers, nor of the one that woke the
   * actor.
   */
  #rearm(): void {
    runOutsideTurns(() => this.#ticks.rearm());
  }
}

/** A timer whose handler throws moves on. */
async function tick(host: PartHost, name: string, dueAt: number): Promise<void> {
  const outcome = await host.runTurn(TIMER_TURN, [name, dueAt]);
  if (outcome.kind !== "error" || host.isDisposed) return;
  host.log.warn({ timer: name }, "a timer's tick threw; the timer moves on");
  await host.runTurn(SKIP_TIMER_TURN, [name, dueAt]);
}

export const TIMERS: PartKey<ActorTimers> = partKey("timers");

/** The timers of an actor. They are stored, but nothing wakes the actor for them. */
export const timersPart: DurablePart<ActorTimers> = {
  key: TIMERS,
  prefixes: [SCHEDULE_PREFIXES.timer],
  isNeededBy: (definition) => handlersOf(definition, "timer").size > 0,
  create: (host) => new ActorTimers(host),
  turns: {
    [TIMER_TURN]: (host, args) => {
      const facts = dueTickOf(host, args);
      const method =
        handlersOf(host.definition, "timer").get(facts.name) ?? `@timer(${facts.name})`;
      return runTick(host.part(TIMERS).table, facts, (due) => host.invoke(method, due));
    },
    [SKIP_TIMER_TURN]: (host, args) => skipTick(host.part(TIMERS).table, dueTickOf(host, args)),
  },
};
