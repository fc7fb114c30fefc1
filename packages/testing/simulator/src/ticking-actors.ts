import {
  type ActorClass,
  actor,
  readonly,
  reminder,
  type ReminderTick,
  state,
  timer,
} from "@troupe/sdk";
import type { Probe } from "./probe.ts";
import { IDLE_AFTER, type WatchedActor } from "./watched-actor.ts";
import {
  optionsOf,
  REMINDER_SCHEDULES,
  type ReminderName,
  TIMER_SCHEDULES,
  type TimerName,
} from "./workload-schedules.ts";

/** A tick that took effect: it was stored with the turn that it made. */
export interface StoredTick {
  readonly name: string;
  /** The call that set the schedule. */
  readonly setBy: string;
  readonly count: number;
  readonly dueAt: number;
  readonly firedAt: number;
  readonly missed: number;
}

export interface TickingReport {
  /** In the order in which they took effect. */
  readonly ticks: readonly StoredTick[];
  /** Schedules that are to tick yet. */
  readonly left: readonly string[];
}

/**
 * Actors that set and delete what ticks, and record its ticks: an alarm its reminders, a metronome
 * its timers.
 */
export function tickingActors(probe: Probe, Watched: WatchedActor): readonly ActorClass[] {
  return [alarmActor(probe, Watched), metronomeActor(probe, Watched)];
}

function alarmActor(probe: Probe, Watched: WatchedActor): ActorClass {
  @actor("Alarm", { idleAfter: IDLE_AFTER })
  class Alarm extends Watched {
    @state() accessor ticks: StoredTick[] = [];

    /** Gives the due time of the first tick. */
    async set(call: string, name: ReminderName, inMs: number): Promise<number | undefined> {
      return await probe.turn(this, { call, method: "set" }, async () => {
        await this.reminders.set(name, optionsOf(REMINDER_SCHEDULES[name], call, inMs));
        return (await this.reminders.get(name))?.nextAt;
      });
    }

    async cancel(call: string, name: ReminderName): Promise<boolean> {
      return await probe.turn(this, { call, method: "cancel" }, () => this.reminders.delete(name));
    }

    @reminder("once")
    async once(tick: ReminderTick<string>): Promise<void> {
      await this.#tick(tick);
    }

    @reminder("often")
    async often(tick: ReminderTick<string>): Promise<void> {
      await this.#tick(tick);
    }

    @reminder("byCron")
    async byCron(tick: ReminderTick<string>): Promise<void> {
      await this.#tick(tick);
    }

    @reminder("merged")
    async merged(tick: ReminderTick<string>): Promise<void> {
      await this.#tick(tick);
    }

    @reminder("fresh")
    async fresh(tick: ReminderTick<string>): Promise<void> {
      await this.#tick(tick);
    }

    @reminder("seldom")
    async seldom(tick: ReminderTick<string>): Promise<void> {
      await this.#tick(tick);
    }

    @readonly()
    async list(call: string): Promise<TickingReport> {
      return await probe.turn(this, { call, method: "list", shared: true }, async () => {
        const left = (await this.reminders.list()).map(({ name, nextAt }) => `${name} ${nextAt}`);
        return { ticks: this.ticks, left };
      });
    }

    async #tick(tick: ReminderTick<string>): Promise<void> {
      await probe.turn(this, { call: callOf(tick), method: tick.name }, () => {
        probe.ticked(this, tick);
        this.ticks.push(storedTick(tick));
      });
    }
  }
  return Alarm;
}

/** Nothing but a call wakes it: it has no reminders. */
function metronomeActor(probe: Probe, Watched: WatchedActor): ActorClass {
  @actor("Metronome", { idleAfter: IDLE_AFTER })
  class Metronome extends Watched {
    @state() accessor ticks: StoredTick[] = [];

    async set(call: string, name: TimerName, inMs: number): Promise<number | undefined> {
      return await probe.turn(this, { call, method: "set" }, async () => {
        await this.timers.set(name, optionsOf(TIMER_SCHEDULES[name], call, inMs));
        return (await this.timers.get(name))?.nextAt;
      });
    }

    async cancel(call: string, name: TimerName): Promise<boolean> {
      return await probe.turn(this, { call, method: "cancel" }, () => this.timers.delete(name));
    }

    /** Ends the activation behind itself, and behind ticks that became due while it ran. */
    async retire(call: string, ms: number): Promise<void> {
      await probe.turn(this, { call, method: "retire" }, async () => {
        await probe.work(ms);
        this.deactivate();
      });
    }

    @timer("single")
    async single(tick: ReminderTick<string>): Promise<void> {
      await this.#tick(tick);
    }

    @timer("steady")
    async steady(tick: ReminderTick<string>): Promise<void> {
      await this.#tick(tick);
    }

    @timer("lazy")
    async lazy(tick: ReminderTick<string>): Promise<void> {
      await this.#tick(tick);
    }

    @readonly()
    async list(call: string): Promise<TickingReport> {
      return await probe.turn(this, { call, method: "list", shared: true }, async () => {
        const left = (await this.timers.list()).map(({ name, nextAt }) => `${name} ${nextAt}`);
        return { ticks: this.ticks, left };
      });
    }

    async #tick(tick: ReminderTick<string>): Promise<void> {
      await probe.turn(this, { call: callOf(tick), method: tick.name }, () => {
        probe.ticked(this, tick);
        this.ticks.push(storedTick(tick));
      });
    }
  }
  return Metronome;
}

function callOf({ name, data, count }: ReminderTick<string>): string {
  return `tick ${name} ${data} ${count}`;
}

function storedTick({
  name,
  data,
  count,
  dueAt,
  firedAt,
  missed,
}: ReminderTick<string>): StoredTick {
  return { name, setBy: data, count, dueAt, firedAt, missed };
}
