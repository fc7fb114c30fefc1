import { TroupeError } from "@troupe/core";
import {
  Actor,
  actor,
  defineBehaviour,
  type Extension,
  partKey,
  type PartState,
  readonly,
  type SiloHost,
  state,
} from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { expect, it, onTestFinished } from "vitest";

@actor("Account")
class Account extends Actor {
  @state() accessor balance = 0;

  async deposit(amount: number): Promise<void> {
    this.balance += amount;
  }

  @readonly() async read(): Promise<number> {
    return this.balance;
  }
}

const EMPTY = partKey<PartState>("deposits");
const nothing: PartState = { load() {}, collect: () => [], adopt() {}, rollback() {} };

/** Deposits by system turns, which other accounts have sent. */
function deposits(refusals: TroupeError[], silos: SiloHost[]): Extension {
  return {
    name: "deposits",
    parts: (silo) => {
      silos.push(silo);
      return [
        {
          key: EMPTY,
          prefixes: [],
          create: () => nothing,
          turns: {
            $give: (host, [to, amount]) =>
              host.send({ type: "Account", id: String(to) }, { method: "$take", args: [amount] }),
            $take: (host, [amount]) => {
              const refusal = refusals.shift();
              if (refusal !== undefined) throw refusal;
              return host.invoke("deposit", amount);
            },
          },
        },
      ];
    },
  };
}

async function start(refusals: TroupeError[]): Promise<{ cluster: TestCluster; silo: SiloHost }> {
  const silos: SiloHost[] = [];
  const cluster = await TestCluster.start({ actors: [Account], silos: 0 });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  await cluster.startSilo({ extensions: [deposits(refusals, silos)] });
  const [silo] = silos;
  if (silo === undefined) throw new Error("no silo was started");
  return { cluster, silo };
}

const full = (ran: "no" | "maybe"): TroupeError =>
  new TroupeError("OVERLOADED", "the account is full", { ran });

it("hosts the actor types of an extension beside those of the program", async () => {
  const cluster = await TestCluster.start({ actors: [Account], silos: 0 });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  const named: string[] = [];
  const counter = defineBehaviour("Counter", {
    methods: { count: {} },
    activate: (host) => ({ invoke: () => `counted for ${host.address.id}` }),
  });
  const types: Extension["types"] = (definitions) => {
    named.push(...definitions.keys());
    return [counter];
  };
  await cluster.startSilo({ extensions: [{ name: "counting", types }] });
  expect(named).toEqual(["Account"]);
  expect(
    await cluster.run(cluster.client.actor("Counter", "x").count?.() ?? Promise.reject()),
  ).toBe("counted for x");
});

it("refuses an extension whose actor type has the name of another", async () => {
  const cluster = await TestCluster.start({ actors: [Account] });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  const account = defineBehaviour("Account", { activate: () => ({ invoke: () => 1 }) });
  const types = () => [account];
  await expect(
    cluster.startSilo({ extensions: [{ name: "accounts", types }] }),
  ).rejects.toMatchObject({ code: "BAD_DEFINITION" });
});

it("lets a part send a system turn durably, which takes effect once", async () => {
  const { cluster, silo } = await start([]);
  const alice = { type: "Account", id: "alice" };
  await cluster.run(silo.callTurn(alice, "$give", ["bob", 5]));
  await cluster.run(silo.callTurn(alice, "$give", ["bob", 6]));
  await cluster.advance(1_000);
  expect(await cluster.run(cluster.actor(Account, "bob").read())).toBe(11);
});

it("tries a durable send again for as long as a system turn says that it did not run", async () => {
  const { cluster, silo } = await start(Array.from({ length: 15 }, () => full("no")));
  await cluster.run(silo.callTurn({ type: "Account", id: "alice" }, "$give", ["bob", 5]));
  await cluster.advance(600_000);
  expect(await cluster.run(cluster.actor(Account, "bob").read())).toBe(5);
});

it("gives a durable send up that a system turn refuses again and again", async () => {
  const { cluster, silo } = await start(Array.from({ length: 15 }, () => full("maybe")));
  await cluster.run(silo.callTurn({ type: "Account", id: "alice" }, "$give", ["bob", 5]));
  await cluster.advance(600_000);
  const letters = await cluster.run(cluster.client.deadLetters(Account, "alice").list());
  expect(letters).toMatchObject([{ method: "$take", args: [5] }]);
});
