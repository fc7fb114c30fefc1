import { Actor, actor, type Duration, idempotent, readonly, reminder, state } from "troupe";
import { closePeriod, newPeriod, type Period, type Statement, withMovement } from "./statement.ts";

/** One movement of money. */
export interface Entry {
  readonly kind: "opening" | "deposit" | "sent" | "received";
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** Whole cents, positive for money that came in. */
  readonly amount: number;
  /**
   * Of a transfer: the account on the other side, and the name that the transfer was ordered under.
   */
  readonly other?: string;
  readonly order?: string;
}

export interface Overview {
  readonly holder: string;
  readonly balance: number;
  /** The last movements, the newest last. */
  readonly entries: readonly Entry[];
}

/** Older entries are dropped. A repeated order is recognised as long as its entry is here. */
const ENTRIES_MAX = 200;
const STATEMENTS_MAX = 31;

/**
 * An account. Amounts are whole cents, so that sums are exact. An account exists from its first
 * deposit or credit on; opening it gives it a holder and its first money.
 *
 * A transfer takes money here and gives it there, each exactly once, whatever dies on the way:
 *
 * BANK-1. The debit and the send of the credit are one turn, and so are stored all or none.
 * BANK-2. The send leaves when it is stored, is repeated until it has arrived, and takes effect
 *         once. Nobody waits for it, so two accounts that send each other money never wait for each
 *         other.
 */
@actor("Account", { idleAfter: "10m" })
export class Account extends Actor {
  @state() accessor holder = "";
  @state() accessor balance = 0;
  @state() accessor entries: Entry[] = [];
  @state() accessor period: Period = newPeriod(this.now(), 0);
  @state() accessor closedStatements: Statement[] = [];

  /**
   * Opens the account with its first money, and gives its balance. Opening it again changes
   * nothing.
   */
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
   * Sends money to another account and gives the new balance. When it resolves, the money has left
   * here and will arrive there. Whoever does not know whether an order was carried out may repeat
   * it under the same name.
   */
  async transfer(to: string, amount: number, order: string = this.context.callId): Promise<number> {
    checkAmount(amount);
    if (to === this.id) throw new RangeError(`${this.id} cannot send money to itself`);
    if (this.entries.some((entry) => entry.kind === "sent" && entry.order === order))
      return this.balance;
    if (amount > this.balance)
      throw new RangeError(`not enough money: ${this.id} has ${this.balance} cents, not ${amount}`);
    this.#book({ kind: "sent", at: this.now(), amount: -amount, other: to, order });
    this.send(Account, to).credit(this.id, amount, order);
    return this.balance;
  }

  /** Takes the money of a transfer. */
  async credit(from: string, amount: number, order: string): Promise<void> {
    this.#book({ kind: "received", at: this.now(), amount, other: from, order });
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
    const { holder, balance, entries } = this;
    return { holder, balance, entries };
  }

  /**
   * From now on there is a statement each day, or as often as is said. Gives when the first one is
   * due.
   */
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
}

function checkAmount(amount: number): void {
  if (!Number.isSafeInteger(amount) || amount <= 0) {
    throw new RangeError(`an amount is a positive whole number of cents, not ${amount}`);
  }
}
