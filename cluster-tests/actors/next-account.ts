import { actor, readonly } from "troupe";
import { Account } from "../../examples/bank/src/account.ts";

/** The next release of the bank's account: a method more, and a version that stores more. */
@actor("Account", { idleAfter: "10m" })
export class NextAccount extends Account {
  @readonly()
  async isOverdrawn(): Promise<boolean> {
    return this.balance < 0;
  }
}
