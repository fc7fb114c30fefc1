import { Actor, actor, oneWay } from "troupe";
import type { Account } from "./account.ts";

/**
 * Brings the transfers of the account of the same id to their receivers.
 *
 * It is an actor of its own so that no account ever waits for another one: two that send each other money at the same time would
 * wait for each other for ever. It remembers nothing; what is still to be done stands in the account.
 */
@actor("Courier", { idleAfter: "1m" })
export class Courier extends Actor {
  /** Delivers what is pending, in the order in which it was sent. Doing so twice is harmless. */
  @oneWay()
  async deliver(): Promise<void> {
    const sender = this.actor<Account>("Account", this.id);
    const delivered: number[] = [];
    for (const transfer of await sender.pending()) {
      // One after the other: a receiver takes the numbers of a sender in their order only.
      // oxlint-disable-next-line no-await-in-loop
      await this.actor<Account>("Account", transfer.to).credit(transfer);
      delivered.push(transfer.number);
    }
    if (delivered.length > 0) await sender.settle(delivered);
  }
}
