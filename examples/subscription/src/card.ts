import { Actor, actor, readonly, state } from "troupe";

export interface Charge {
  readonly invoice: string;
  readonly cents: number;
}

/**
 * The payment card of one customer, in place of a bank. Under the same idempotency key it is
 * charged once.
 */
@actor("Card")
export class Card extends Actor {
  @state() accessor charges: Charge[] = [];
  @state() accessor isRefusing = false;

  async charge(invoice: string, cents: number): Promise<void> {
    if (this.isRefusing) throw new Error("the bank does not answer");
    this.charges.push({ invoice, cents });
  }

  /** From now on the bank answers, or does not. */
  async setRefusing(isRefusing: boolean): Promise<void> {
    this.isRefusing = isRefusing;
  }

  @readonly()
  async read(): Promise<readonly Charge[]> {
    return this.charges;
  }
}
