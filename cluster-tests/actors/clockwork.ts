import {
  Actor,
  actor,
  readonly,
  reminder,
  state,
  timer,
  type Duration,
  type ReminderTick,
  type TimerTick,
} from "troupe";
import { note } from "./journal.ts";

/** Ticks by reminder and by timer. */
@actor("Clockwork")
export class Clockwork extends Actor {
  /** Of the reminder: for when each tick was planned, and when it began. */
  @state() accessor woken: { readonly dueAt: number; readonly firedAt: number }[] = [];

  /** Sets the reminder, and gives the moment for which it is planned. */
  async remind(delay: Duration): Promise<number> {
    await this.reminders.set("wake", { in: delay });
    return (await this.reminders.get("wake"))?.nextAt ?? 0;
  }

  async tickEvery(period: Duration): Promise<void> {
    await this.timers.set("tick", { every: period });
  }

  /** Leaves memory after this turn. */
  async rest(): Promise<void> {
    this.deactivate();
  }

  @readonly()
  async read(): Promise<readonly { readonly dueAt: number; readonly firedAt: number }[]> {
    return this.woken;
  }

  @reminder("wake")
  async wake({ dueAt, firedAt }: ReminderTick<undefined>): Promise<void> {
    note("wake", this.id);
    this.woken.push({ dueAt, firedAt });
  }

  @timer("tick")
  async tick({ count }: TimerTick<undefined>): Promise<void> {
    note("tick", this.id, count);
  }
}
