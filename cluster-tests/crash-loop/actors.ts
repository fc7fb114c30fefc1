import { Actor, actor, type Duration, readonly, reminder, type ReminderTick, state } from "troupe";
import { note } from "../actors/journal.ts";
import { type Missed, PERIOD_MS, PURSE_START, purseId, type Series } from "./facts.ts";

export { Gate, Voyage } from "./voyage.ts";

/** Keeps the numbers of the operations that took effect, in their order. */
@actor("Tally")
export class Tally extends Actor {
  @state() accessor operations: number[] = [];

  /** Gives the operation's place. */
  async add(operation: number): Promise<number> {
    return this.operations.push(operation);
  }

  @readonly()
  async read(): Promise<readonly number[]> {
    return this.operations;
  }
}

export interface PurseContents {
  readonly balance: number;
  /** Orders that were sent to the next account, and taken from the one before, in their order. */
  readonly sent: readonly string[];
  readonly taken: readonly string[];
}

/** An account that pays the next one of the ring by durable sends. */
@actor("Purse")
export class Purse extends Actor {
  @state() accessor balance = PURSE_START;
  @state() accessor sent: string[] = [];
  @state() accessor taken: string[] = [];

  /** Pays up to `amount`; whoever takes it pays it on, `hops` times. */
  async pay(order: string, amount: number, hops: number): Promise<void> {
    const paid = Math.min(amount, this.balance);
    this.balance -= paid;
    this.sent.push(order);
    this.send(Purse, purseId(Number(this.id.split("-")[1]) + 1)).take(order, paid, hops);
  }

  async take(order: string, amount: number, hops: number): Promise<void> {
    this.balance += amount;
    this.taken.push(order);
    if (hops > 0) await this.pay(`${order}+`, amount, hops - 1);
  }

  @readonly()
  async read(): Promise<PurseContents> {
    return { balance: this.balance, sent: this.sent, taken: this.taken };
  }
}

/**
 * Checks its own ticks: what it knows of earlier ones is stored together with the schedule, so
 * neither can run ahead.
 */
@actor("Alarm")
export class Alarm extends Actor {
  @state() accessor series: Series = { ticks: 0, expected: 0, problems: [] };

  async repeat(missed: Missed): Promise<void> {
    await this.reminders.set("repeated", { every: PERIOD_MS, missed, data: missed });
    await this.#expectNext("repeated");
  }

  async once(delay: Duration): Promise<void> {
    await this.reminders.set("once", { in: delay });
    await this.#expectNext("once");
  }

  async repeatUntilDeleted(): Promise<void> {
    await this.reminders.set("doomed", { every: PERIOD_MS });
  }

  async delete(): Promise<boolean> {
    return this.reminders.delete("doomed");
  }

  @readonly()
  async read(): Promise<Series> {
    return this.series;
  }

  @reminder("repeated")
  async onRepeated(tick: ReminderTick<Missed>): Promise<void> {
    const { expected } = this.series;
    const isExpected =
      tick.data === "skip"
        ? tick.dueAt >= expected && (tick.dueAt - expected) % PERIOD_MS === 0
        : tick.dueAt === expected;
    this.#ticked(tick, isExpected, tick.dueAt + PERIOD_MS * (1 + tick.missed));
  }

  @reminder("once")
  async onOnce(tick: ReminderTick<undefined>): Promise<void> {
    this.#ticked(tick, tick.dueAt === this.series.expected, Number.POSITIVE_INFINITY);
  }

  @reminder("doomed")
  async onDoomed({ firedAt }: ReminderTick<undefined>): Promise<void> {
    note("doomed", this.id, firedAt);
  }

  async #expectNext(name: string): Promise<void> {
    this.series = { ...this.series, expected: (await this.reminders.get(name))?.nextAt ?? 0 };
  }

  #ticked({ dueAt, firedAt, count }: ReminderTick, isExpected: boolean, expected: number): void {
    const ticks = this.series.ticks + 1;
    const problems = [...this.series.problems];
    if (!isExpected)
      problems.push(`tick ${ticks} was due at ${dueAt} instead of ${this.series.expected}`);
    if (firedAt < dueAt)
      problems.push(`tick ${ticks} began at ${firedAt}, before its time ${dueAt}`);
    if (count !== ticks) problems.push(`tick ${ticks} was counted as ${count}`);
    this.series = { ticks, expected, problems };
  }
}
