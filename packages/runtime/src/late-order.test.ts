import { Placement } from "@troupe/client";
import { type Hello, type Outcome, PROTOCOL_VERSION } from "@troupe/core";
import { MemoryTransport } from "@troupe/memory";
import { Actor, actor } from "@troupe/sdk";
import { TestCluster, type TestSilo } from "@troupe/testkit";
import { expect, it, onTestFinished } from "vitest";

@actor("Ledger")
class Ledger extends Actor {
  async note(): Promise<string> {
    return this.id;
  }
}

interface Desk {
  readonly cluster: TestCluster;
  readonly first: TestSilo;
  readonly other: TestSilo;
  /** The revision before the other silo came. */
  readonly before: number;
  /** Makes a call by a client that knows a view of this revision; gives how the call ended. */
  readonly call: (callId: number, revision: number) => Promise<Outcome["kind"]>;
}

/** Two silos, and a client of the first that calls an actor which the other one owns. */
async function start(): Promise<Desk> {
  const cluster = await TestCluster.start({ actors: [Ledger] });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  const [first] = cluster.silos;
  if (first === undefined) throw new Error("no silo was started");
  const { clock, network } = cluster;
  const before = first.silo.view.revision;
  const other = await cluster.startSilo();
  await cluster.advance(100);
  const both = new Placement(first.silo.view);
  const id = Array.from({ length: 100 }, (_, index) => `l${index}`).find(
    (candidate) => both.ownerOf({ type: "Ledger", id: candidate })?.siloId === other.silo.siloId,
  );
  const ended = new Map<number, Outcome["kind"]>();
  const hello: Hello = {
    protocol: PROTOCOL_VERSION,
    cluster: "test",
    role: "client",
    peerId: "c",
  };
  const link = await cluster.run(
    new MemoryTransport({ network, clock }).connect(first.silo.address, hello, () => ({
      onEnvelope(envelope) {
        if (envelope.kind === "reply") ended.set(envelope.callId, envelope.outcome.kind);
      },
      onClose() {},
    })),
  );
  const call: Desk["call"] = async (callId, revision) => {
    ended.delete(callId);
    link.send({
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
      stream: undefined,
    });
    await cluster.advance(50);
    const outcome = ended.get(callId);
    if (outcome === undefined) throw new Error(`call ${callId} has no outcome`);
    return outcome;
  };
  return { cluster, first, other, before, call };
}

it("refuses a late call for an actor that was elsewhere meanwhile, as the one before it was, so that it does not overtake", async () => {
  const { cluster, first, other, before, call } = await start();
  expect(await call(1, before)).toBe("refused");
  other.kill();
  await cluster.waitUntil(() => first.silo.view.members.length === 1);
  expect(await call(2, before)).toBe("refused");
  await cluster.advance(2_000);
  expect(await call(3, before)).toBe("value");
});

it("refuses a call behind one that it has refused, though its caller knows the newest view, until that one has come again", async () => {
  const { cluster, first, other, before, call } = await start();
  expect(await call(1, before)).toBe("refused");
  other.kill();
  await cluster.waitUntil(() => first.silo.view.members.length === 1);
  const { revision } = first.silo.view;
  expect(await call(2, revision)).toBe("refused");
  expect(await call(1, revision)).toBe("value");
  expect(await call(2, revision)).toBe("value");
});

it("refuses a call behind one that it has refused also while it lacks the view that the call was sent by", async () => {
  const { cluster, first, before, call } = await start();
  expect(await call(1, before)).toBe("refused");
  const next = first.silo.view.revision + 1;
  // The view is late: however long, the one call has not been here again.
  expect(await call(2, next)).toBe("refused");
  await cluster.advance(2_000);
  expect(first.silo.view.revision).toBeLessThan(next);
});
