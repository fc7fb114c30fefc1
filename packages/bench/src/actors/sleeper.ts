import { Actor, actor, reminder, type ReminderTick } from "troupe";

/** How much too late each tick of this process began, in milliseconds, in the order they came. */
export const TICKS: number[] = [];

/** Sleeps, and notes when it wakes. */
@actor("BenchSleeper", { idleAfter: "1h" })
export class Sleeper extends Actor {
  async sleepUntil(at: number): Promise<void> {
    await this.reminders.set("wake", { at });
  }

  @reminder("wake")
  wake(tick: ReminderTick): void {
    TICKS.push(this.now() - tick.dueAt);
  }
}
