import { Actor, actor } from "troupe";
import { Ledger } from "./ledger.ts";

/** Calls ledgers from within the cluster. It has no state, so nothing of it is stored. */
@actor("Relay", { reentrancy: "full" })
export class Relay extends Actor {
  async record(ledger: string, operation: number): Promise<void> {
    await this.actor(Ledger, ledger).record(operation);
  }

  /** The process that this actor lives in, and that of the ledger as it looks from here. */
  async ask(ledger: string): Promise<{ readonly asker: number; readonly owner: number }> {
    return { asker: process.pid, owner: await this.actor(Ledger, ledger).where() };
  }
}
