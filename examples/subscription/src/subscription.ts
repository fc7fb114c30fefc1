import { Actor, actor, type Duration, readonly, reminder, type ReminderTick, state } from "troupe";
import { Card } from "./card.ts";
import { Inbox } from "./inbox.ts";

/** When a month is over: by the calendar of a time zone, or, to see it happen, after a moment. */
export type Billing =
  | { readonly cron: string; readonly timezone: string }
  | { readonly every: Duration };

/** Nine in the morning on the first of each month. */
export const MONTHLY: Billing = { cron: "0 9 1 * *", timezone: "Europe/Berlin" };

export interface Invoice {
  readonly number: string;
  /** Whole cents. */
  readonly cents: number;
  /** Milliseconds since the Unix epoch: when it was due, not when it was made. */
  readonly dueAt: number;
  readonly isPaid: boolean;
}

export interface Overview {
  readonly invoices: readonly Invoice[];
  /** Milliseconds since the Unix epoch; undefined if nothing is subscribed. */
  readonly nextAt: number | undefined;
}

/** Attempts at charging a card for one month. */
const ATTEMPTS = 4;

/**
 * What one customer has subscribed to.
 *
 * SUB-1. A month is billed once: its invoice, its receipt and the next due time are stored together
 *        or not at all, and a charge that is repeated has the same idempotency key.
 * SUB-2. No month is left out. One that cannot be charged becomes an unpaid invoice, and months
 *        that passed while no silo ran are billed one after the other (`missed: "all"`).
 */
@actor("Subscription", { idleAfter: "1m" })
export class Subscription extends Actor {
  @state() accessor invoices: Invoice[] = [];

  async subscribe(cents: number, billing: Billing): Promise<void> {
    if (!(Number.isSafeInteger(cents) && cents > 0))
      throw new RangeError(`a price is a whole number of cents, not ${cents}`);
    await this.reminders.set("bill", {
      ...billing,
      data: cents,
      missed: "all",
      retry: { attempts: ATTEMPTS, backoff: "200ms" },
    });
  }

  /** After this nothing is billed any more. */
  async cancel(): Promise<void> {
    await this.reminders.delete("bill");
  }

  @readonly()
  async overview(): Promise<Overview> {
    return { invoices: this.invoices, nextAt: (await this.reminders.get("bill"))?.nextAt };
  }

  @reminder("bill")
  async bill({ data: cents, dueAt, attempt }: ReminderTick<number>): Promise<void> {
    const number = `${this.id}-${this.invoices.length + 1}`;
    const isPaid = await this.#charge(number, cents, attempt);
    const invoice: Invoice = { number, cents, dueAt, isPaid };
    this.invoices.push(invoice);
    this.send(Inbox, this.id).deliver(invoice);
  }

  /** True if the card was charged; throws if that is to be tried again. */
  async #charge(invoice: string, cents: number, attempt: number): Promise<boolean> {
    try {
      await this.actor(Card, this.id, { idempotencyKey: invoice }).charge(invoice, cents);
      return true;
    } catch (error) {
      this.log.warn({ invoice, attempt }, "the card could not be charged");
      if (attempt < ATTEMPTS) throw error;
      return false;
    }
  }
}
