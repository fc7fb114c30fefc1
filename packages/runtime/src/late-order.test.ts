import { Placement } from "@troupe/client";
import { type Hello, type Outcome, PROTOCOL_VERSION, type RequestEnvelope } from "@troupe/core";
import { MemoryTransport } from "@troupe/memory";
import { Actor, actor } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { expect, it } from "vitest";

@actor("Ledger")
class Ledger extends Actor {
  async note(): Promise<string> {
    return this.id;
  }
}

it("refuses a late call for an actor that was elsewhere meanwhile, as the one before it was, so that it does not overtake", async () => {
  await using cluster = await TestCluster.start({ actors: [Ledger] });
  const [first] = cluster.silos;
  if (first === undefined) throw new Error("no silo was started");
  const { clock, network } = cluster;
  const { revision } = first.silo.view;
  const other = await cluster.startSilo();
  await cluster.advance(100);
  const both = new Placement(first.silo.view);
  const id = Array.from({ length: 100 }, (_, index) => `l${index}`).find(
    (candidate) => both.ownerOf({ type: "Ledger", id: candidate })?.siloId === other.silo.siloId,
  );
  const outcomes: Outcome["kind"][] = [];
  const hello: Hello = {
    protocol: PROTOCOL_VERSION,
    cluster: "test",
    role: "client",
    peerId: "c",
  };
  const link = await cluster.run(
    new MemoryTransport({ network, clock }).connect(first.silo.address, hello, () => ({
      onEnvelope(envelope) {
        if (envelope.kind === "reply") outcomes.push(envelope.outcome.kind);
      },
      onClose() {},
    })),
  );
  /** A call of a client that knows of the first silo alone. */
  const call = async (callId: number): Promise<void> => {
    const request: RequestEnvelope = {
      kind: "request",
      callId,
      type: "Ledger",
      id: id ?? "",
      method: "note",
      args: { value: [], revive: false, size: 0 },
      deadline: clock.monotonic() + 10_000,
      revision,
      chain: [],
      oneWay: false,
      headers: undefined,
      idempotencyKey: undefined,
      delivery: undefined,
    };
    link.send(request);
    await cluster.advance(50);
  };
  await call(1);
  other.kill();
  await cluster.waitUntil(() => first.silo.view.members.length === 1);
  await call(2);
  expect(outcomes).toEqual(["refused", "refused"]);
  await cluster.advance(2_000);
  await call(3);
  expect(outcomes.at(-1)).toBe("value");
});
