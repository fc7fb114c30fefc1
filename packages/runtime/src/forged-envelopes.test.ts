import {
  Authentication,
  type Envelope,
  type Hello,
  type Link,
  type Logger,
  PROTOCOL_VERSION,
  type RequestEnvelope,
  type Role,
  silentLogger,
} from "@troupe/core";
import { MemoryTransport } from "@troupe/memory";
import { Actor, actor, readonly, state, type UntypedActorRef } from "@troupe/sdk";
import { TestCluster, type TestSilo } from "@troupe/testkit";
import { describe, expect, it, onTestFinished } from "vitest";

const SECRETS = { silo: "silo secret", client: "client secret", operator: "operator secret" };

@actor("Payer")
class Payer extends Actor {
  @state() accessor paid = 0;

  async pay(to: string, amount: number): Promise<void> {
    this.paid += amount;
    this.send(Payee, to).receive(amount);
  }

  /** What code of an actor may try: turns of Troupe's own, by a reference or a durable send. */
  async call(type: string, id: string, name: string): Promise<unknown> {
    const reference: UntypedActorRef = this.actor(type, id);
    return await reference[name]?.(1, "forged", 2);
  }

  async sendTurn(id: string, name: string): Promise<void> {
    const reference = this.send("Payee" as never, id) as Record<string, (seq: number) => void>;
    reference[name]?.(1);
  }
}

@actor("Payee")
class Payee extends Actor {
  @state() accessor received = 0;

  async receive(amount: number): Promise<void> {
    this.received += amount;
  }

  async hold(): Promise<void> {
    await new Promise(() => undefined);
  }

  @readonly() async read(): Promise<number> {
    return this.received;
  }
}

async function start(silos = 1): Promise<{ cluster: TestCluster; silo: TestSilo }> {
  const cluster = await TestCluster.start({ actors: [Payer, Payee], silos, secrets: SECRETS });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  const [silo] = cluster.silos;
  if (silo === undefined) throw new Error("no silo was started");
  return { cluster, silo };
}

/** A program of somebody who knows the clients' secret, and not the others. */
interface Stranger {
  readonly link: Link;
  readonly received: Envelope[];
  readonly closings: string[];
}

async function dialAs(
  { cluster, silo }: { cluster: TestCluster; silo: TestSilo },
  role: Role,
  peerId = "client-stranger",
): Promise<Stranger> {
  const { clock, network } = cluster;
  // For each role it says what it has.
  const secrets = { silo: SECRETS.client, client: SECRETS.client, operator: SECRETS.client };
  const authentication = new Authentication({ cluster: "test", secrets });
  const transport = new MemoryTransport({ network, clock, authentication });
  const hello: Hello = { protocol: PROTOCOL_VERSION, cluster: "test", role, peerId };
  const received: Envelope[] = [];
  const closings: string[] = [];
  const link = await cluster.run(
    transport.connect(silo.silo.address, hello, () => ({
      onEnvelope: (envelope) => void received.push(envelope),
      onClose: (reason) => void closings.push(reason),
    })),
  );
  return { link, received, closings };
}

function requestOf(cluster: TestCluster, fields: Partial<RequestEnvelope>): RequestEnvelope {
  return {
    kind: "request",
    callId: 1,
    type: "Payee",
    id: "bob",
    method: "read",
    args: { value: [], revive: false, size: 0 },
    deadline: cluster.clock.monotonic() + 5_000,
    revision: cluster.client.view.revision,
    chain: [],
    oneWay: false,
    headers: undefined,
    idempotencyKey: undefined,
    delivery: undefined,
    stream: undefined,
    ...fields,
  };
}

describe("who knows the clients' secret", () => {
  it.each<Partial<RequestEnvelope>>([
    { idempotencyKey: "s:1000000:Payer/alice" },
    { delivery: { sender: "Payer/alice", seq: 1_000_000, asks: false } },
  ])("cannot make a durable send vanish: %j", async (forged) => {
    const { cluster, silo } = await start();
    const { link, received } = await dialAs({ cluster, silo }, "client");
    link.send(requestOf(cluster, forged));
    await cluster.advance(100);
    expect(received).toMatchObject([{ kind: "reply", callId: 1, outcome: { kind: "error" } }]);
    await cluster.run(cluster.actor(Payer, "alice").pay("bob", 5));
    await cluster.advance(1_000);
    expect(await cluster.run(cluster.actor(Payee, "bob").read())).toBe(5);
  });

  it.each<Role>(["silo", "operator"])("cannot be a %s", async (role) => {
    const { cluster, silo } = await start();
    await expect(dialAs({ cluster, silo }, role)).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      message: expect.stringContaining(`the secret of the role ${role}`),
    });
  });

  it("cannot become a part of a turn that waits", async () => {
    const { cluster, silo } = await start();
    const held = cluster.actor(Payee, "bob", { timeout: "2s" }).hold();
    held.catch(() => undefined);
    await cluster.advance(10);
    const { link, received } = await dialAs({ cluster, silo }, "client");
    const { siloId } = silo.silo;
    const chain = Array.from({ length: 50 }, (_, call) => ({
      type: "Payee",
      id: "bob",
      turn: `${siloId}/${cluster.client.peerId}:${call}`,
    }));
    link.send(requestOf(cluster, { method: "receive", chain }));
    await cluster.advance(1_000);
    // It waits for the turn, as every other call does.
    expect(received).toEqual([]);
  });

  it("cannot run a turn of Troupe's own, nor ask a silo", async () => {
    const { cluster, silo } = await start();
    const { link, received } = await dialAs({ cluster, silo }, "client");
    const { siloId } = silo.silo;
    const asked: Partial<RequestEnvelope>[] = [
      { method: "$settled" },
      { method: "$letters" },
      { type: "$silo", id: siloId, method: "drain" },
      { type: "$silo", id: siloId, method: "snapshot" },
      { type: "$silo", id: siloId, method: "hasFoundGone" },
    ];
    for (const [callId, fields] of asked.entries())
      link.send(requestOf(cluster, { ...fields, callId }));
    await cluster.advance(100);
    expect(received).toHaveLength(asked.length);
    for (const envelope of received)
      expect(envelope).toMatchObject({
        outcome: { kind: "error", payload: { value: expect.anything() } },
      });
    expect(JSON.stringify(received)).not.toContain('"kind":"value"');
    expect(silo.silo.snapshot().state).toBe("active");
  });

  it("cannot take the id of a silo for its calls", async () => {
    const { cluster, silo } = await start(2);
    const victim = cluster.silos[1]?.silo.siloId ?? "";
    const { link, received } = await dialAs({ cluster, silo }, "client", victim);
    link.send({ kind: "released", revision: Number.MAX_SAFE_INTEGER, holding: [] });
    link.send(requestOf(cluster, {}));
    await cluster.advance(100);
    expect(received).toEqual([]);
    await cluster.run(cluster.actor(Payer, "alice").pay("bob", 5));
    await cluster.advance(1_000);
    expect(await cluster.run(cluster.actor(Payee, "bob").read())).toBe(5);
  });
});

describe("a client that is told what it may", () => {
  it("calls actors, and is forbidden what operators do", async () => {
    const { cluster } = await start();
    const client = await cluster.run(cluster.connect({ role: "client", token: SECRETS.client }));
    onTestFinished(() => client.close());
    expect(await cluster.run(client.actor(Payee, "bob").read())).toBe(0);
    await expect(cluster.run(client.deadLetters(Payer, "alice").list())).rejects.toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringContaining("connect with tokens.operator"),
    });
    const operator = cluster.client.deadLetters(Payer, "alice");
    expect(await cluster.run(operator.list())).toEqual([]);
  });
});

describe("an operator", () => {
  it("is named in the log with what it does, and not with what it only looks at", async () => {
    const lines: object[] = [];
    const info: Logger["info"] = (facts, message) => {
      if (message === "operator acts") lines.push(facts);
    };
    const logger: Logger = { ...silentLogger, info, child: () => logger };
    await using cluster = await TestCluster.start({ actors: [Payer, Payee], logger });
    const letters = cluster.client.deadLetters(Payer, "alice");
    await cluster.run(letters.list());
    await cluster.run(letters.resend(7));
    expect(lines).toEqual([
      { role: "operator", caller: cluster.client.peerId, what: "Payer/alice.$resend()" },
    ]);
  });
});

describe("code of an actor", () => {
  it.each(["$died", "$arrived", "$settled", "$letters", "$reminder"])(
    "has no turn of Troupe's own to call: %s",
    async (name) => {
      const { cluster } = await start();
      const call = cluster.actor(Payer, "alice").call("Payee", "bob", name);
      await expect(cluster.run(call)).rejects.toMatchObject({ code: "NO_SUCH_METHOD" });
      const send = cluster.actor(Payer, "alice").sendTurn("bob", name);
      await expect(cluster.run(send)).rejects.toMatchObject({ code: "NO_SUCH_METHOD" });
    },
  );

  it("has no silo to steer", async () => {
    const { cluster, silo } = await start();
    const call = cluster.actor(Payer, "alice").call("$silo", silo.silo.siloId, "drain");
    await expect(cluster.run(call)).rejects.toMatchObject({ code: "NO_SUCH_METHOD" });
    expect(silo.silo.snapshot().state).toBe("active");
  });
});
