import { Actor, actor, state } from "troupe";
import { Ledger } from "./ledger.ts";

/** Brings operations to a ledger by durable sends, and destroys itself with the same turn. */
@actor("Courier")
export class Courier extends Actor {
  @state() accessor trips = 0;

  async leave(ledger: string, operations: readonly number[]): Promise<void> {
    this.trips++;
    for (const operation of operations) this.send(Ledger, ledger).record(operation);
    this.destroy();
  }
}
