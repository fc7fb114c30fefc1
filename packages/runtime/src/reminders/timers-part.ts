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
import { logFailedTick } from "./failed-tick.ts";
import { dueTickOf } from "./reminders-part.ts";
import { SCHEDULE_PREFIXES, ScheduleTable } from "./schedule-table.ts";
import { type DueTick, runTick, skipTick } from "./tick.ts";
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
  await host.runTurn(SKIP_TIMER_TURN, [name, dueAt]);
}

async function tickOf(host: PartHost, facts: DueTick): Promise<unknown> {
  const { table } = host.part(TIMERS);
  const record = table.find(facts.name);
  const method = handlersOf(host.definition, "timer").get(facts.name) ?? `@timer(${facts.name})`;
  try {
    return await runTick(table, facts, (due) => host.invoke(method, due));
  } catch (error) {
    logFailedTick(host.log, { kind: "timer", facts, record, attempts: 1 }, error);
    throw error;
  }
}

export const TIMERS: PartKey<ActorTimers> = partKey("timers");

/** The timers of an actor. They are stored, but nothing wakes the actor for them. */
export const timersPart: DurablePart<ActorTimers> = {
  key: TIMERS,
  prefixes: [SCHEDULE_PREFIXES.timer],
  isNeededBy: (definition) => handlersOf(definition, "timer").size > 0,
  create: (host) => new ActorTimers(host),
  turns: {
    [TIMER_TURN]: (host, args) => tickOf(host, dueTickOf(host, args)),
    [SKIP_TIMER_TURN]: (host, args) => skipTick(host.part(TIMERS).table, dueTickOf(host, args)),
  },
};
