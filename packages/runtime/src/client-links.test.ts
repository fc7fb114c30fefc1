import { type Envelope, type Hello, PROTOCOL_VERSION } from "@troupe/core";
import { MemoryTransport } from "@troupe/memory";
import { Actor, actor } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { expect, it } from "vitest";

@actor("Greeter")
class Greeter extends Actor {
  async greet(): Promise<string> {
    return "hello";
  }
}

const WORDS: Envelope[] = [
  { kind: "released", revision: 1_000_000, holding: [] },
  {
    kind: "reply",
    callId: 1,
    outcome: { kind: "value", payload: { value: "forged", revive: false, size: 8 } },
  },
];

it("ends the link of a client that says what only silos say to each other", async () => {
  await using cluster = await TestCluster.start({ actors: [Greeter] });
  const [started] = cluster.silos;
  if (started === undefined) throw new Error("no silo was started");
  const { clock, network } = cluster;
  const transport = new MemoryTransport({ network, clock });
  const hello: Hello = {
    protocol: PROTOCOL_VERSION,
    cluster: "test",
    role: "client",
    peerId: "c",
  };
  for (const word of WORDS) {
    let closedBecause: string | undefined;
    const link = await cluster.run(
      transport.connect(started.silo.address, hello, () => ({
        onEnvelope() {},
        onClose(reason) {
          closedBecause = reason;
        },
      })),
    );
    link.send({ kind: "ping", nonce: 1 });
    await cluster.advance(100);
    expect(closedBecause).toBeUndefined();
    link.send(word);
    await cluster.advance(100);
    expect(closedBecause).toContain("only silos");
  }
});
