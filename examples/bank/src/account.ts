import { Actor, actor, type Duration, idempotent, readonly, reminder, state } from "troupe";
import { Courier } from "./courier.ts";
import { closePeriod, newPeriod, type Period, type Statement, withMovement } from "./statement.ts";
import type { Transfer } from "./transfer.ts";

export { Courier };

/** One movement of money. */
export interface Entry {
  readonly kind: "opening" | "deposit" | "sent" | "received";
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** Whole cents, positive for money that came in. */
  readonly amount: number;
  /** Of a transfer: the account on the other side, and the name that the transfer was ordered under. */
  readonly other?: string;
  readonly order?: string;
}

export interface Overview {
  readonly holder: string;
  readonly balance: number;
  /** Money that was sent and has perhaps not arrived yet. */
  readonly inTransit: number;
  /** The last movements, the newest last. */
  readonly entries: readonly Entry[];
}

/** Older entries are dropped. A repeated order is recognised as long as its entry is here. */
const ENTRIES_MAX = 200;
const STATEMENTS_MAX = 31;
/** Transfers of one account that may be under way. */
const PENDING_MAX = 100;

/**
 * An account. Amounts are whole cents, so that sums are exact. An account exists from its first deposit or credit on; opening it
 * gives it a holder and its first money.
 *
 * A transfer takes money here and gives it there, each exactly once, whatever dies on the way:
 *
 * T1. Debit, pending transfer and the reminder that finishes it are one turn, and so are stored all or none.
 * T2. The courier looks for pending transfers in a later turn, so nothing is credited before its debit is stored.
 * T3. A transfer stays pending until its credit is stored: the reminder sends the courier again and again.
 * T4. The transfers of a sender are numbered and delivered in that order, and the receiver keeps the last number that it took, in the
 *     turn that takes the money. So one that comes again is recognised however late it comes; what that costs is one number for
 *     each account that ever paid in, not one for each transfer.
 */
@actor("Account", { idleAfter: "10m" })
export class Account extends Actor {
  @state() accessor holder = "";
  @state() accessor balance = 0;
  @state() accessor entries: Entry[] = [];
  @state() accessor pendingTransfers: Transfer[] = [];
  @state() accessor transfersSent = 0;
  /** The number of the last transfer taken, by sender (T4). */
  @state() accessor lastReceived = new Map<string, number>();
  @state() accessor period: Period = newPeriod(this.now(), 0);
  @state() accessor closedStatements: Statement[] = [];

  /** Opens the account with its first money, and gives its balance. Opening it again changes nothing. */
  @idempotent()
  async open(holder: string, amount: number): Promise<number> {
    if (holder === "") throw new RangeError("an account needs a holder");
    if (amount !== 0) checkAmount(amount);
    if (this.holder === "") {
      this.holder = holder;
      if (amount > 0) this.#book({ kind: "opening", at: this.now(), amount });
    }
    return this.balance;
  }

  /** Gives the new balance. */
  async deposit(amount: number): Promise<number> {
    checkAmount(amount);
    this.#book({ kind: "deposit", at: this.now(), amount });
    return this.balance;
  }

  /**
   * Sends money to another account and gives the new balance. When it resolves, the money has left here and will arrive there.
   * Whoever does not know whether an order was carried out may repeat it under the same name.
   */
  async transfer(to: string, amount: number, order: string = this.context.callId): Promise<number> {
    checkAmount(amount);
    if (to === this.id) throw new RangeError(`${this.id} cannot send money to itself`);
    // What cannot be an id is refused here; later the money would be on its way already.
    this.actor(Account, to);
    if (this.entries.some((entry) => entry.kind === "sent" && entry.order === order)) return this.balance;
    if (amount > this.balance) throw new RangeError(`not enough money: ${this.id} has ${this.balance} cents, not ${amount}`);
    if (this.pendingTransfers.length >= PENDING_MAX) {
      throw new RangeError(`${this.id} has ${PENDING_MAX} transfers under way; wait until some have arrived`);
    }
    this.transfersSent++;
    this.pendingTransfers.push({ number: this.transfersSent, from: this.id, to, amount, order });
    this.#book({ kind: "sent", at: this.now(), amount: -amount, other: to, order });
    if ((await this.reminders.get("settle")) === undefined) await this.reminders.set("settle", { in: "2s", every: "5s" });
    this.#sendCourier();
    return this.balance;
  }

  /** What the courier has to deliver. */
  @readonly()
  @idempotent()
  async pending(): Promise<readonly Transfer[]> {
    return this.pendingTransfers;
  }

  /** Takes the money of a transfer, once. */
  @idempotent()
  async credit({ number, from, amount, order }: Transfer): Promise<void> {
    if (number <= (this.lastReceived.get(from) ?? 0)) return;
    this.lastReceived.set(from, number);
    this.#book({ kind: "received", at: this.now(), amount, other: from, order });
  }

  /** These transfers have arrived. */
  @idempotent()
  async settle(numbers: readonly number[]): Promise<void> {
    this.pendingTransfers = this.pendingTransfers.filter(({ number }) => !numbers.includes(number));
  }

  /** Finishes what a crash has interrupted (T3). It ends when nothing is pending. */
  @reminder("settle")
  async settleLater(): Promise<void> {
    if (this.pendingTransfers.length > 0) this.#sendCourier();
    else await this.reminders.delete("settle");
  }

  /** The balance, in cents. */
  @readonly()
  @idempotent()
  async read(): Promise<number> {
    return this.balance;
  }

  @readonly()
  @idempotent()
  async overview(): Promise<Overview> {
    const { holder, balance, entries, pendingTransfers } = this;
    return { holder, balance, inTransit: pendingTransfers.reduce((sum, { amount }) => sum + amount, 0), entries };
  }

  /** From now on there is a statement each day, or as often as is said. Gives when the first one is due. */
  async openStatements(every: Duration = "1d"): Promise<number | undefined> {
    await this.reminders.set("statement", { every });
    return (await this.reminders.get("statement"))?.nextAt;
  }

  @reminder("statement")
  async closeStatement(): Promise<void> {
    const statement = closePeriod(this.period, this.now());
    this.closedStatements = [...this.closedStatements, statement].slice(-STATEMENTS_MAX);
    this.period = newPeriod(statement.to, statement.closing);
  }

  /** The last month's, if they are daily. */
  @readonly()
  @idempotent()
  async statements(): Promise<readonly Statement[]> {
    return this.closedStatements;
  }

  #book(entry: Entry): void {
    this.balance += entry.amount;
    this.entries = [...this.entries, entry].slice(-ENTRIES_MAX);
    this.period = withMovement(this.period, entry.amount);
  }

  /** Without waiting: if the courier is not reached, the reminder sends it again. */
  #sendCourier(): void {
    this.actor(Courier, this.id)
      .deliver()
      .catch((error: unknown) => this.log.debug({ error }, "the courier was not reached"));
  }
}

function checkAmount(amount: number): void {
  if (!Number.isSafeInteger(amount) || amount <= 0) {
    throw new RangeError(`an amount is a positive whole number of cents, not ${amount}`);
  }
}
