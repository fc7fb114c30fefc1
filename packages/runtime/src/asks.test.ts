import { type FieldChange, type Fields, RecordTable } from "@troupe/core";
import {
  Actor,
  actor,
  type Extension,
  type PartHost,
  partKey,
  type PartState,
  readonly,
  state,
} from "@troupe/sdk";
import { TestCluster, type TestSilo } from "@troupe/testkit";
import { expect, it, onTestFinished } from "vitest";

@actor("Account", { idleAfter: "1m" })
class Account extends Actor {
  @state() accessor balance = 100;

  async withdraw(amount: number): Promise<{ left: number; at: Date }> {
    if (amount > this.balance) throw new RangeError("not enough money");
    this.balance -= amount;
    return { left: this.balance, at: new Date(5) };
  }

  @readonly() async read(): Promise<number> {
    return this.balance;
  }
}

@actor("Buyer")
class Buyer extends Actor {
  @state() accessor bought = 0;

  async buy(): Promise<void> {
    this.bought++;
  }
}

/** What an actor has asked, and what it was answered: stored with it. */
class Questions implements PartState {
  readonly table: RecordTable<string>;

  constructor(host: PartHost) {
    this.table = new RecordTable("q:", host);
  }

  load(fields: Fields): void {
    this.table.load(fields);
  }

  collect(): FieldChange[] {
    return this.table.collect();
  }

  adopt(): void {
    this.table.adopt();
  }

  rollback(): void {
    this.table.rollback();
  }
}

const QUESTIONS = partKey<Questions>("questions");

/** Actors that ask others by durable sends, and store the answers. */
const asking: Extension = {
  name: "asking",
  parts: (silo) => {
    silos.push(silo);
    return [
      {
        key: QUESTIONS,
        prefixes: ["q:"],
        create: (host) => new Questions(host),
        turns: {
          $ask: (host, [id, amount]) => {
            const to = { type: "Account", id: String(id) };
            const answer = { turn: "$answered", token: { amount } };
            host.send(to, { method: "withdraw", args: [amount] }, answer);
          },
          $answered: (host, [token, delivered]) => {
            const { amount } = token as { amount: number };
            const { table } = host.part(QUESTIONS);
            const before = table.find(`of ${amount}`);
            table.put(`of ${amount}`, `${before ?? ""}${shown(delivered)};`);
          },
          $answers: (host) => host.part(QUESTIONS).table.values(),
        },
      },
    ];
  },
};

type Silo = Parameters<NonNullable<Extension["parts"]>>[0];

/** The silos that were made in this test, each as its parts see it. */
const silos: Silo[] = [];

const BUYER = { type: "Buyer", id: "one" };

function shown(delivered: unknown): string {
  const outcome = delivered as { kind: string; value?: { left: number; at: Date }; error?: Error };
  if (outcome.kind === "error") return `${outcome.error?.name} ${outcome.error?.message}`;
  return `${outcome.value?.left} left at ${outcome.value?.at.getTime()}`;
}

async function start(count: number): Promise<{ cluster: TestCluster; last: () => Silo }> {
  silos.length = 0;
  const cluster = await TestCluster.start({ actors: [Account, Buyer], silos: 0 });
  onTestFinished(async () => {
    for (const { stores } of cluster.silos) stores.fault = "up";
    await cluster[Symbol.asyncDispose]();
  });
  for (let index = 0; index < count; index++) await cluster.startSilo({ extensions: [asking] });
  const last = (): Silo => {
    const found = silos.at(-1);
    if (found === undefined) throw new Error("no silo was started");
    return found;
  };
  return { cluster, last };
}

async function answersOf(cluster: TestCluster, silo: Silo): Promise<unknown> {
  return await cluster.run(silo.callTurn(BUYER, "$answers", []));
}

it("brings the answer of a durable send into a turn of its sender, and an error at once", async () => {
  const { cluster, last } = await start(2);
  await cluster.run(last().callTurn(BUYER, "$ask", ["alice", 30]));
  await cluster.run(last().callTurn(BUYER, "$ask", ["alice", 500]));
  await cluster.advance(100);
  expect(await answersOf(cluster, last())).toEqual([
    "70 left at 5;",
    "RangeError not enough money;",
  ]);
  const letters = cluster.client.deadLetters("Buyer", "one");
  expect(await cluster.run(letters.list())).toEqual([]);
});

it("gives the same answer again when the first one was lost, and takes effect once", async () => {
  const { cluster, last } = await start(1);
  const [only] = cluster.silos as [TestSilo];
  await cluster.run(last().callTurn(BUYER, "$ask", ["alice", 30]));
  await cluster.advance(1);
  // The withdrawal is stored, or will be; what the buyer would store of it is not.
  only.stores.fault = "deaf";
  await cluster.advance(50);
  only.kill();
  await cluster.startSilo({ extensions: [asking] });
  await cluster.advance(60_000);
  expect(await answersOf(cluster, last())).toEqual(["70 left at 5;"]);
  expect(await cluster.run(cluster.actor(Account, "alice").read())).toBe(70);
});
