import { Actor, actor, readonly, state } from "@troupe/sdk";

/** An account that is told each movement once, and says so. */
@actor("Account")
export class Account extends Actor {
  @state() accessor balance = 100;
  @state() accessor movements: number[] = [];

  async withdraw(amount: number): Promise<number> {
    if (amount > this.balance) throw new RangeError("not enough money");
    this.balance -= amount;
    this.movements.push(-amount);
    return this.balance;
  }

  async deposit(amount: number): Promise<number> {
    this.balance += amount;
    this.movements.push(amount);
    return this.balance;
  }

  @readonly() async read(): Promise<{ balance: number; movements: number[] }> {
    return { balance: this.balance, movements: [...this.movements] };
  }
}
