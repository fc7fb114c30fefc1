import {
  Authentication,
  type FieldChange,
  type Fields,
  type Hello,
  type Outcome,
  PROTOCOL_VERSION,
  RecordTable,
  type RequestEnvelope,
} from "@troupe/core";
import { MemoryTransport } from "@troupe/memory";
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

  async deposit(amount: number): Promise<void> {
    this.balance += amount;
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

const SECRETS = { silo: "silo secret", client: "client secret", operator: "operator secret" };

const BUYER = { type: "Buyer", id: "one" };

function shown(delivered: unknown): string {
  const outcome = delivered as { kind: string; value?: { left: number; at: Date }; error?: Error };
  if (outcome.kind === "error") return `${outcome.error?.name} ${outcome.error?.message}`;
  return `${outcome.value?.left} left at ${outcome.value?.at.getTime()}`;
}

async function start(count: number): Promise<{ cluster: TestCluster; last: () => Silo }> {
  silos.length = 0;
  const cluster = await TestCluster.start({ actors: [Account, Buyer], silos: 0, secrets: SECRETS });
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

/** Stores a question, and loses the silo before that knows: another may have asked it since. */
async function askAndLose(amount: number): Promise<Awaited<ReturnType<typeof start>>> {
  const started = await start(1);
  const { cluster, last } = started;
  const [only] = cluster.silos as [TestSilo];
  expect(await answersOf(cluster, last())).toEqual([]);
  only.stores.fault = "deaf";
  last()
    .callTurn(BUYER, "$ask", ["alice", amount])
    .catch(() => undefined);
  await cluster.advance(10);
  only.kill();
  await cluster.startSilo({ extensions: [asking] });
  await cluster.advance(60_000);
  return started;
}

/** What of the lost silo comes late: a copy of its send. Gives what that is answered. */
async function lateCopy(cluster: TestCluster, fields: Partial<RequestEnvelope>): Promise<Outcome> {
  const { clock, network } = cluster;
  const [silo] = cluster.silos.slice(-1) as [TestSilo];
  const authentication = new Authentication({ cluster: "test", secrets: SECRETS });
  const transport = new MemoryTransport({ network, clock, authentication });
  const hello: Hello = {
    protocol: PROTOCOL_VERSION,
    cluster: "test",
    role: "silo",
    peerId: "silo-lost",
  };
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const link = await cluster.run(
    transport.connect(silo.silo.address, hello, () => ({
      onEnvelope: (envelope) => {
        if (envelope.kind === "reply") resolve(envelope.outcome);
      },
      onClose: () => undefined,
    })),
  );
  link.send({
    kind: "request",
    callId: 1,
    type: "Account",
    id: "alice",
    method: "withdraw",
    args: { value: [500], revive: false, size: 1 },
    deadline: clock.monotonic() + 5_000,
    revision: cluster.client.view.revision,
    chain: [],
    oneWay: false,
    headers: undefined,
    idempotencyKey: undefined,
    delivery: { sender: "Buyer/one", seq: 1, asks: true },
    stream: undefined,
    ...fields,
  });
  return await cluster.run(promise);
}

it("answers an error only if no copy of the send can take effect any more", async () => {
  const { cluster, last } = await askAndLose(500);
  expect(await answersOf(cluster, last())).toEqual(["RangeError not enough money;"]);
  await cluster.run(cluster.actor(Account, "alice").deposit(500));
  const late = await lateCopy(cluster, {});
  expect(late).toMatchObject({ kind: "error" });
  expect(JSON.stringify(late)).toContain("not enough money");
  expect(await cluster.run(cluster.actor(Account, "alice").read())).toBe(600);
});

it("keeps refusing a copy after the receiver was loaded anew", async () => {
  const { cluster, last } = await askAndLose(500);
  expect(await answersOf(cluster, last())).toEqual(["RangeError not enough money;"]);
  await cluster.run(cluster.actor(Account, "alice").deposit(500));
  for (const silo of cluster.silos) silo.kill();
  await cluster.startSilo({ extensions: [asking] });
  await cluster.advance(30_000);
  expect(await lateCopy(cluster, {})).toMatchObject({ kind: "error" });
  expect(await cluster.run(cluster.actor(Account, "alice").read())).toBe(600);
});

it("gives the result to a sender that would have it refused, if the send took effect before", async () => {
  const { cluster } = await askAndLose(30);
  const args = { value: ["Buyer/one", 1, "too late"], revive: false, size: 1 };
  const answer = await lateCopy(cluster, { method: "$refuse", args });
  expect(answer).toMatchObject({ kind: "value" });
  expect(JSON.stringify(answer)).toContain('"left":70');
  expect(await cluster.run(cluster.actor(Account, "alice").read())).toBe(70);
});
