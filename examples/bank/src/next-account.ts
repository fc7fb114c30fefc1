import { actor, readonly } from "troupe";
import { Account } from "./account.ts";

/**
 * The next release of the account, to be deployed over the one before while the bank works: it has
 * a method more. See docs/deploying.md.
 */
@actor("Account", { idleAfter: "10m" })
export class NextAccount extends Account {
  @readonly()
  async isEmpty(): Promise<boolean> {
    return this.balance === 0;
  }
}
