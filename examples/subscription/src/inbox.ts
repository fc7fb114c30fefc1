import { Actor, actor, readonly, state } from "troupe";
import type { Invoice } from "./subscription.ts";

/** The mail of one customer. A full one refuses everything. */
@actor("Inbox")
export class Inbox extends Actor {
  @state() accessor receipts: string[] = [];
  @state() accessor isFull = false;

  async deliver({ number, isPaid }: Invoice): Promise<void> {
    if (this.isFull) throw new Error("the inbox is full");
    this.receipts.push(`${number} ${isPaid ? "paid" : "unpaid"}`);
  }

  async setFull(isFull: boolean): Promise<void> {
    this.isFull = isFull;
  }

  @readonly()
  async read(): Promise<readonly string[]> {
    return this.receipts;
  }
}
