import { type Envelope, type Hello, type Link, PROTOCOL_VERSION } from "@troupe/core";
import { MemoryTransport } from "@troupe/memory";
import { Actor, actor, state } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { expect, it } from "vitest";

@actor("Counter")
class Counter extends Actor {
  @state() accessor count = 0;

  async increment(): Promise<number> {
    return ++this.count;
  }
}

const HELLO: Hello = { protocol: PROTOCOL_VERSION, cluster: "test", role: "client", peerId: "client-1", token: undefined };

function increment(callId: number, deadline: number): Envelope {
  return {
    kind: "request",
    callId,
    type: "Counter",
    id: "a",
    method: "increment",
    args: { value: [], revive: false, size: 0 },
    deadline,
    revision: 1,
    chain: [],
    oneWay: false,
    headers: undefined,
    idempotencyKey: undefined,
  };
}

it("takes nothing more from the old link of a client that has dialled again", async () => {
  await using cluster = await TestCluster.start({ actors: [Counter], silos: 1 });
  const { clock, network } = cluster;
  const transport = new MemoryTransport({ network, clock });
  const address = cluster.silos[0]?.silo.address ?? "";
  const answered: number[] = [];
  const closings: string[] = [];
  const dial = (): Promise<Link> =>
    transport.connect(address, HELLO, () => ({
      onEnvelope: (envelope) => envelope.kind === "reply" && answered.push(envelope.callId),
      onClose: (reason) => closings.push(reason),
    }));
  const deadline = clock.monotonic() + 60_000;

  const old = await cluster.run(dial());
  old.send(increment(1, deadline));
  await cluster.waitUntil(() => answered.length === 1);
  const next = await cluster.run(dial());
  old.send(increment(2, deadline));
  next.send(increment(3, deadline));
  await cluster.waitUntil(() => answered.length === 2);
  expect(answered).toEqual([1, 3]);
  expect(closings).toEqual(["the client has dialled again"]);
  expect(await cluster.run(cluster.actor(Counter, "a").increment())).toBe(3);
  await transport.close();
});
