import { Actor, actor, state } from "troupe";

/**
 * Another definition under the name of a type that the others have: a cluster must not take both.
 */
@actor("Ledger")
export class OtherLedger extends Actor {
  @state() accessor entries: string[] = [];

  async write(entry: string): Promise<void> {
    this.entries.push(entry);
  }
}
