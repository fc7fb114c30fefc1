import { TroupeError } from "@troupe/core";
import { Actor, actor, readonly, reminder, type ReminderTick, state } from "@troupe/sdk";
import type { WorkflowStatus } from "../actor/workflow-status.ts";
import { type SchedulePlan, schedulePlan } from "./schedule-plan.ts";

/** How a schedule stands. Times are in milliseconds since the Unix epoch. */
export interface ScheduleStatus extends SchedulePlan {
  readonly name: string;
  readonly isPaused: boolean;
  /** When the next run is due; undefined while it is paused. */
  readonly nextAt: number | undefined;
  /** The id of the run that began last. */
  readonly lastId: string | undefined;
  /** Runs that were due and did not begin, because the one before had not ended. */
  readonly skipped: number;
  /** Runs that wait for the end of the one before. */
  readonly waiting: number;
}

/** Says from when on a reminder counts: it ticks then, and that is no due time. */
interface From {
  readonly from: number;
}

/** Runs that wait for the end of another. Those that come due beyond it are skipped. */
const WAITING_MAX = 100;

/** How often a schedule whose runs wait looks whether the one before has ended. */
const LOOK_EVERY = "5s";

/** For so long a run that was sent its start may not be there yet. */
const ARRIVAL_MS = 60_000;

const RETRY = { attempts: 1_000, backoff: "1s" } as const;

const OPEN: ReadonlySet<string> = new Set(["running", "suspended", "blocked"]);

/**
 * One schedule: an actor with a reminder, which begins a run for each due time. Put it among the
 * `actors` of the silos that host the workflows; `schedules` is how to use it.
 *
 * SCHED-1. A due time begins one run: its id is made of the schedule's name and the due time, and
 *          its start is a durable send of the turn that notes it.
 */
@actor("Schedule")
export class Schedule extends Actor {
  @state() accessor plan: SchedulePlan | undefined = undefined;
  @state() accessor isPaused = false;
  @state() accessor lastId: string | undefined = undefined;
  @state() accessor lastAt = 0;
  @state() accessor skipped = 0;
  /** Due times of runs that wait. */
  @state() accessor waiting: readonly number[] = [];

  async set(given: unknown): Promise<void> {
    this.plan = schedulePlan(this.id, given);
    this.isPaused = false;
    await this.#begin(this.plan);
  }

  @readonly() async read(): Promise<ScheduleStatus | undefined> {
    const { plan, isPaused, lastId, skipped } = this;
    if (plan === undefined) return undefined;
    const nextAt = (await this.reminders.get("due"))?.nextAt;
    const waiting = this.waiting.length;
    return { ...plan, name: this.id, isPaused, nextAt, lastId, skipped, waiting };
  }

  async pause(): Promise<void> {
    this.#plan();
    this.isPaused = true;
    await this.reminders.delete("due");
  }

  async resume(): Promise<void> {
    const plan = this.#plan();
    if (!this.isPaused) return;
    this.isPaused = false;
    await this.#begin(plan);
  }

  async trigger(): Promise<string> {
    const plan = this.#plan();
    return this.#start(plan, this.now());
  }

  async backfill(from: number, to: number): Promise<void> {
    const { cron, timezone } = this.#plan();
    if (!(from <= to) || to > this.now()) {
      const message = `Schedule/${this.id}: a backfill is from one time that has passed to a later one`;
      throw new TroupeError("BAD_SCHEDULE", message);
    }
    const data: From = { from: from - 1 };
    const rule = { cron, timezone, missed: "all", retry: RETRY, data } as const;
    await this.reminders.set("missing", { ...rule, at: data.from, until: to });
  }

  async remove(): Promise<void> {
    this.#plan();
    this.destroy();
  }

  @reminder("due") async due({ dueAt, data }: ReminderTick<From | undefined>): Promise<void> {
    const { plan } = this;
    if (plan === undefined || this.isPaused || data?.from === dueAt) return;
    if (this.now() - dueAt > plan.catchUpMs)
      return this.#begin(plan, Math.max(dueAt, this.now() - plan.catchUpMs));
    const isOpen = plan.overlap !== "allow" && (await this.#isOpen(plan));
    if (isOpen && plan.overlap === "skip") this.skipped++;
    else if (isOpen && plan.overlap === "queue") await this.#wait(dueAt);
    else {
      if (isOpen && this.lastId !== undefined)
        this.send(plan.workflow, this.lastId).cancel?.("the next run of its schedule is due");
      this.#start(plan, dueAt);
    }
  }

  /** The due times of a backfill. What overlaps does not matter to it. */
  @reminder("missing") async missing({ dueAt, data }: ReminderTick<From>): Promise<void> {
    if (this.plan !== undefined && data.from !== dueAt) this.#start(this.plan, dueAt);
  }

  @reminder("look") async look(): Promise<void> {
    const { plan } = this;
    const [dueAt, ...later] = this.waiting;
    if (plan === undefined || dueAt === undefined) return;
    if (!(await this.#isOpen(plan))) {
      this.#start(plan, dueAt);
      this.waiting = later;
    }
    if (this.waiting.length > 0) await this.#lookLater();
  }

  /** From now on, or from a time that has passed on, runs are due. */
  async #begin({ cron, timezone }: SchedulePlan, from?: number): Promise<void> {
    const rule = { cron, timezone, missed: "all", retry: RETRY } as const;
    const options = from === undefined ? rule : { ...rule, at: from, data: { from } };
    await this.reminders.set("due", options);
  }

  async #wait(dueAt: number): Promise<void> {
    if (this.waiting.length >= WAITING_MAX) this.skipped++;
    else this.waiting = [...this.waiting, dueAt];
    await this.#lookLater();
  }

  async #lookLater(): Promise<void> {
    await this.reminders.set("look", { in: LOOK_EVERY, retry: RETRY });
  }

  /** SCHED-1 */
  #start({ workflow, input }: SchedulePlan, dueAt: number): string {
    const id = `${this.id}/${new Date(dueAt).toISOString()}`;
    this.send(workflow, id).start?.(input, { tags: { schedule: this.id } });
    this.lastId = id;
    this.lastAt = this.now();
    return id;
  }

  async #isOpen({ workflow }: SchedulePlan): Promise<boolean> {
    if (this.lastId === undefined) return false;
    try {
      const status = await this.actor(workflow, this.lastId).status?.();
      return OPEN.has((status as WorkflowStatus).state);
    } catch (error) {
      if (!(error instanceof TroupeError) || error.code !== "NO_SUCH_WORKFLOW") throw error;
      return this.now() - this.lastAt < ARRIVAL_MS;
    }
  }

  #plan(): SchedulePlan {
    if (this.plan !== undefined) return this.plan;
    const message = `there is no schedule ${this.id}; set it first`;
    throw new TroupeError("NO_SUCH_WORKFLOW", message);
  }
}
