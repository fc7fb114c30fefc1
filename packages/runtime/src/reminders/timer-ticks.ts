import type { Clock, Scheduled } from "@troupe/core";
import type { ScheduleRecord } from "./schedule.ts";

/**
 * A timer that is overdue although it was just asked to tick (its actor's mailbox is full, say) is
 * asked again after this.
 */
const OVERDUE_PAUSE_MS = 10;

/** The timers of one activation. */
export interface TimedActor {
  readonly isDisposed: boolean;
  records(): Iterable<ScheduleRecord>;
  /** Runs the tick as a turn; never rejects. */
  tick(name: string, dueAt: number): Promise<void>;
}

/**
 * Makes the timers of one activation tick while it lives: one timer of the clock for all of them.
 */
export class TimerTicks {
  readonly #clock: Clock;
  readonly #actor: TimedActor;
  readonly #ticking = new Set<string>();
  #wake: Scheduled | undefined;

  constructor(clock: Clock, actor: TimedActor) {
    this.#clock = clock;
    this.#actor = actor;
  }

  /** To be called whenever the timers have changed. */
  rearm(): void {
    this.#wake?.cancel();
    if (this.#actor.isDisposed) return;
    let nextAt = Number.POSITIVE_INFINITY;
    for (const record of this.#actor.records()) {
      if (!this.#ticking.has(record.name)) nextAt = Math.min(nextAt, record.nextAt);
    }
    if (nextAt === Number.POSITIVE_INFINITY) return;
    this.#wake = this.#clock.schedule(
      Math.max(OVERDUE_PAUSE_MS, Math.ceil(nextAt - this.#clock.now())),
      () => this.#fire(),
    );
  }

  #fire(): void {
    const now = this.#clock.now();
    for (const record of Array.from(this.#actor.records())) {
      if (record.nextAt <= now && !this.#ticking.has(record.name)) void this.#tick(record);
    }
    this.rearm();
  }

  async #tick({ name, nextAt }: ScheduleRecord): Promise<void> {
    this.#ticking.add(name);
    await this.#actor.tick(name, nextAt);
    this.#ticking.delete(name);
    this.rearm();
  }
}
