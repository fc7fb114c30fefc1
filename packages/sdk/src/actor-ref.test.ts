import { describe, expectTypeOf, it } from "vitest";
import {
  Actor,
  type ActorRef,
  type CallOptions,
  type MethodName,
  type ReminderTick,
  type UntypedActorRef,
} from "@troupe/sdk";

interface Entry {
  readonly at: number;
  readonly amount: number;
}

class Account extends Actor {
  balance = 0;
  readonly entries: Entry[] = [];
  readonly #secret = 1;
  protected limit = 2;
  private note = "";

  async deposit(amount: number, note?: string): Promise<number> {
    this.note = note ?? "";
    return (this.balance += amount + this.#secret);
  }
  last(): Entry | undefined {
    return this.entries.at(-1);
  }
  clear(): void {}
  async later(): Promise<void> {}
  thenable(): PromiseLike<string> {
    return Promise.resolve(this.note);
  }
  fail(): never {
    throw new Error("always");
  }
  anything(): unknown {
    return undefined;
  }
  async echo<T>(value: T): Promise<T> {
    return value;
  }
  async find(by: "id"): Promise<number>;
  async find(by: "name", exact: boolean): Promise<string>;
  async find(by: string): Promise<unknown> {
    return by;
  }
  parse(text: string): number;
  parse(text: number): string;
  parse(text: unknown): unknown {
    return text;
  }
  count(...amounts: number[]): number {
    return amounts.length + this.limit;
  }
  async onTick(tick: ReminderTick<{ kind: string }>): Promise<void> {
    this.note = tick.data.kind;
  }
  async transferTo(to: ActorRef<Account>): Promise<void> {
    await to.deposit(1);
  }
  async forward(id: string): Promise<number> {
    return this.actor(Account, id).deposit(1);
  }
  override onActivate(): void {}
  protected hidden(): void {}
  private tucked(): void {}
  get total(): number {
    this.hidden();
    this.tucked();
    return this.balance;
  }
  [Symbol.iterator](): number {
    return 1;
  }
}

class Savings extends Account {
  async interest(): Promise<number> {
    return 1;
  }
}

// Nothing here runs: `tsc` checks it, and a line that no longer fails where it must is an error
// itself.
declare const account: ActorRef<Account>;
declare const self: Account;

function callsOfOverloads(): void {
  expectTypeOf(account.echo("x" as const)).toEqualTypeOf<Promise<"x">>();
  expectTypeOf(account.find("id")).toEqualTypeOf<Promise<number>>();
  expectTypeOf(account.find("name", true)).toEqualTypeOf<Promise<string>>();
  // @ts-expect-error this overload has no second argument
  void account.find("id", true);
}

function refusedUses(): void {
  // @ts-expect-error an argument of another type
  void account.deposit("5");
  // @ts-expect-error an argument is missing
  void account.deposit();
  // @ts-expect-error one argument too many
  void account.clear(1);
  // @ts-expect-error a field
  void account.balance;
  // @ts-expect-error a getter
  void account.total;
  // @ts-expect-error a private method
  void account.tucked;
  // @ts-expect-error a protected method
  void account.hidden;
  // @ts-expect-error a member of Actor
  void account.id;
  // @ts-expect-error a hook of Actor
  void account.onActivate;
  // @ts-expect-error nothing to await: a reference is not a promise
  void account.then;
  // @ts-expect-error a method of a symbol
  void account[Symbol.iterator];
  // @ts-expect-error no such method
  void account.withdraw;
  // @ts-expect-error methods cannot be replaced
  account.clear = () => Promise.resolve();
}

function referencesOfActors(options: CallOptions): void {
  expectTypeOf(self.actor(Account, "a", options)).toEqualTypeOf<ActorRef<Account>>();
  expectTypeOf(self.actor<Account>("Account", "a")).toEqualTypeOf<ActorRef<Account>>();
  expectTypeOf(self.actor("Account", "a")).toEqualTypeOf<UntypedActorRef>();
  // @ts-expect-error ids are strings
  self.actor(Account, 5);
  // @ts-expect-error no actor class
  self.actor(Date, "a");
  // @ts-expect-error an unknown option
  self.actor(Account, "a", { timeOut: "1s" });
  // @ts-expect-error no duration
  self.actor(Account, "a", { timeout: "soon" });
}

describe("a typed reference", () => {
  it("has the public methods and nothing else", () => {
    expectTypeOf<keyof ActorRef<Account>>().toEqualTypeOf<
      | "deposit"
      | "last"
      | "clear"
      | "later"
      | "thenable"
      | "fail"
      | "anything"
      | "echo"
      | "find"
      | "parse"
      | "count"
      | "onTick"
      | "transferTo"
      | "forward"
    >();
    expectTypeOf<MethodName<Actor>>().toEqualTypeOf<never>();
    expectTypeOf<keyof ActorRef<Savings>>().toEqualTypeOf<keyof ActorRef<Account> | "interest">();
  });

  it("returns promises of what the methods return, once unwrapped", () => {
    expectTypeOf<ActorRef<Account>["deposit"]>().toEqualTypeOf<
      (amount: number, note?: string) => Promise<number>
    >();
    expectTypeOf<ActorRef<Account>["last"]>().toEqualTypeOf<() => Promise<Entry | undefined>>();
    expectTypeOf<ActorRef<Account>["clear"]>().toEqualTypeOf<() => Promise<void>>();
    expectTypeOf<ActorRef<Account>["later"]>().toEqualTypeOf<() => Promise<void>>();
    expectTypeOf<ActorRef<Account>["thenable"]>().toEqualTypeOf<() => Promise<string>>();
    expectTypeOf<ActorRef<Account>["fail"]>().toEqualTypeOf<() => Promise<never>>();
    expectTypeOf<ActorRef<Account>["anything"]>().toEqualTypeOf<() => Promise<unknown>>();
    expectTypeOf<ActorRef<Account>["count"]>().toEqualTypeOf<
      (...amounts: number[]) => Promise<number>
    >();
  });

  it("keeps the overloads and type parameters of asynchronous methods", () => {
    expectTypeOf(callsOfOverloads).toBeFunction();
  });

  it("keeps the last overload of others", () => {
    expectTypeOf<ActorRef<Account>["parse"]>().toEqualTypeOf<(text: number) => Promise<string>>();
  });

  it("refuses what no reference has", () => {
    expectTypeOf(refusedUses).toBeFunction();
  });

  it("of a class goes where one of its base class is wanted, and not the other way round", () => {
    expectTypeOf<ActorRef<Savings>>().toExtend<ActorRef<Account>>();
    expectTypeOf<ActorRef<Account>>().not.toExtend<ActorRef<Savings>>();
  });
});

describe("an untyped reference", () => {
  it("has any method, and is not a promise", () => {
    expectTypeOf<UntypedActorRef[string]>().toEqualTypeOf<
      (...args: readonly unknown[]) => Promise<unknown>
    >();
    expectTypeOf<Awaited<UntypedActorRef>>().toEqualTypeOf<UntypedActorRef>();
  });
});

describe("this.actor", () => {
  it("takes a class, or a name with or without a class", () => {
    expectTypeOf(referencesOfActors).toBeFunction();
  });
});
