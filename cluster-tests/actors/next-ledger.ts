import { actor, readonly, state } from "troupe";
import { Ledger } from "./ledger.ts";

export { Clockwork } from "./clockwork.ts";
export { Echo } from "./echo.ts";
export { Relay } from "./relay.ts";

/** The next release of the ledger: a method and a slot more. */
@actor("Ledger")
export class NextLedger extends Ledger {
  @state() accessor title = "";

  @readonly()
  async count(): Promise<number> {
    return this.operations.length;
  }
}
