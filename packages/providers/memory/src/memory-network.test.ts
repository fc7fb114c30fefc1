import { dial, listenWith, type LinkEnd, type ListeningSide } from "@troupe/conformance";
import { settle, VirtualClock, virtualTime } from "@troupe/testkit";
import { beforeEach, describe, expect, it } from "vitest";
import { MemoryNetwork } from "./memory-network.ts";
import { MemoryTransport } from "./memory-transport.ts";

describe("MemoryNetwork", () => {
  let clock: VirtualClock;
  let network: MemoryNetwork;
  let client: MemoryTransport;
  let silo: MemoryTransport;
  let listening: ListeningSide;
  let near: LinkEnd;
  let far: LinkEnd;

  beforeEach(async () => {
    clock = new VirtualClock();
    network = new MemoryNetwork({ clock, latencyMs: 2 });
    client = new MemoryTransport({ network, clock, name: "client" });
    silo = new MemoryTransport({ network, clock, name: "silo" });
    listening = await listenWith(silo, "silo:7100");
    near = await clock.run(dial(client, "silo:7100"));
    [far] = listening.ends as [LinkEnd];
  });

  const wait = <T>(promise: Promise<T>): Promise<T> => settle(virtualTime(clock), promise);

  it("takes its latency for each envelope, wherever the earlier ones are", async () => {
    near.link.send({ kind: "ping", nonce: 1 });
    await clock.advance(1);
    near.link.send({ kind: "ping", nonce: 2 });
    expect(far.received.length).toBe(0);
    await clock.advance(1);
    expect(far.received.length).toBe(1);
    await clock.advance(1);
    expect(far.received.length).toBe(2);
  });

  it.each([
    ["names", "client", "silo"],
    ["an address", "client", "silo:7100"],
  ])(
    "holds what is sent over a cut until it is healed, in both directions: by %s",
    async (_, a, b) => {
      network.cut(a, b);
      expect(near.link.send({ kind: "ping", nonce: 1 })).toBe("sent");
      expect(far.link.send({ kind: "ping", nonce: 2 })).toBe("sent");
      near.link.close("enough");
      await clock.advance(60_000);
      expect([near.received, far.received, far.closings]).toEqual([[], [], []]);
      network.heal(b, a);
      await clock.advance(2);
      expect([far.received, far.closings]).toEqual([[{ kind: "ping", nonce: 1 }], ["enough"]]);
    },
  );

  it("cuts one direction and leaves the other", async () => {
    network.cutOneWay("silo", "client");
    near.link.send({ kind: "ping", nonce: 1 });
    far.link.send({ kind: "ping", nonce: 2 });
    await clock.advance(10);
    expect([near.received.length, far.received.length]).toEqual([0, 1]);
    network.healAll();
    expect(near.received.length).toBe(1);
  });

  it("lets a dial over a cut wait in vain, and does not call it refused", async () => {
    network.cut("client", "silo:7100");
    const from = clock.monotonic();
    const error: unknown = await wait(dial(client, "silo:7100").catch((thrown: unknown) => thrown));
    expect(error).toMatchObject({ code: "SILO_LOST", ran: "no" });
    expect(error).not.toHaveProperty("cause");
    expect(clock.monotonic() - from).toBeGreaterThan(1_000);
    expect(listening.ends.length).toBe(1);
  });

  it("breaks the links of a killed process, tells it nothing, and refuses dials to it", async () => {
    near.link.send({ kind: "ping", nonce: 1 });
    far.link.send({ kind: "ping", nonce: 2 });
    network.kill("silo:7100");
    await clock.advance(10);
    expect([near.received, near.closings.length]).toEqual([[], 1]);
    expect([far.received, far.closings]).toEqual([[], []]);
    expect(far.link.send({ kind: "ping", nonce: 3 })).toBe("closed");
    await expect(wait(dial(client, "silo:7100"))).rejects.toMatchObject({
      code: "SILO_LOST",
      cause: { refused: true },
    });
  });

  it("hides the death of a process behind a cut", async () => {
    network.cut("client", "silo");
    network.kill("silo");
    await clock.advance(60_000);
    expect(near.closings).toEqual([]);
    network.healAll();
    expect(near.closings.length).toBe(1);
  });

  it("gives a new process the address of a killed one", async () => {
    network.kill("silo");
    const next = new MemoryTransport({ network, clock });
    const again = await listenWith(next, "silo:7100");
    const end = await wait(dial(client, "silo:7100"));
    end.link.send({ kind: "ping", nonce: 1 });
    await clock.advance(2);
    expect(again.ends[0]?.received.length).toBe(1);
  });
});
