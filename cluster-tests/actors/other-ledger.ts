import { Actor, actor, state } from "troupe";

/**
 * Another definition under the name of a type that the others have, which cannot take its place: it
 * has another reentrancy and the same version.
 */
@actor("Ledger", { reentrancy: "none" })
export class OtherLedger extends Actor {
  @state() accessor entries: string[] = [];

  async write(entry: string): Promise<void> {
    this.entries.push(entry);
  }
}
