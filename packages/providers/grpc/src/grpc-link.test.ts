import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { type Envelope, silentLogger, systemClock, toPortable } from "@troupe/core";
import { dial, helloOf, type LinkEnd, listenWith, type ListeningSide } from "@troupe/conformance";
import { realTime, waitUntil } from "@troupe/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { GrpcTransport } from "./grpc-transport.ts";
import type { GrpcTransportOptions } from "./transport-options.ts";

const opened: GrpcTransport[] = [];

function open(options: Partial<GrpcTransportOptions> = {}): GrpcTransport {
  const transport = new GrpcTransport({ clock: systemClock, logger: silentLogger, ...options });
  opened.push(transport);
  return transport;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((transport) => transport.close()));
});

async function pair(
  options: Partial<GrpcTransportOptions> = {},
): Promise<{ near: LinkEnd; far: LinkEnd; listening: ListeningSide }> {
  const listening = await listenWith(open(options), "127.0.0.1:0");
  const near = await dial(open(options), listening.listener.address);
  const [far] = listening.ends;
  if (far === undefined) throw new Error("nothing was accepted");
  return { near, far, listening };
}

function request(callId: number, bytes: number): Envelope {
  return {
    kind: "request",
    callId,
    type: "Account",
    id: `a${callId}`,
    method: "put",
    args: toPortable([new Uint8Array(bytes)], { root: "args" }),
    deadline: 0,
    revision: 1,
    chain: [],
    oneWay: false,
    headers: undefined,
    idempotencyKey: undefined,
    delivery: undefined,
    stream: undefined,
  };
}

describe("GrpcLink", () => {
  it("lets small envelopes overtake a large one that is under way", async () => {
    const { near, far } = await pair();
    near.link.send(request(1, 4_000_000));
    near.link.send({ kind: "ping", nonce: 1 });
    await waitUntil(realTime, "the first ping is here", () => far.received.length > 0);
    near.link.send({ kind: "ping", nonce: 2 });
    await waitUntil(realTime, "everything is here", () => far.received.length === 3);
    expect(far.received.map(({ kind }) => kind)).toEqual(["ping", "ping", "request"]);
  });

  it("sends what many promises send in one tick as one batch", async () => {
    const { near, far } = await pair();
    let batches = 0;
    let inBatch = false;
    far.react = () => {
      // The envelopes of one batch come in one go, and those of another not before a microtask
      // later.
      if (!inBatch) batches++;
      inBatch = true;
      queueMicrotask(() => (inBatch = false));
    };
    const sendAfter = async (microtasks: number): Promise<void> => {
      for (let count = 0; count < microtasks; count++) await Promise.resolve();
      near.link.send({ kind: "ping", nonce: microtasks });
    };
    await Promise.all(Array.from({ length: 50 }, (_, microtasks) => sendAfter(microtasks)));
    await waitUntil(realTime, "everything is here", () => far.received.length === 50);
    expect(batches).toBe(1);
  });

  it("sends everything that is queued before it closes, large messages too", async () => {
    const { near, far } = await pair();
    for (let callId = 0; callId < 4; callId++) near.link.send(request(callId, 2_000_000));
    near.link.close("done");
    await waitUntil(realTime, "the other side knows", () => far.closings.length > 0);
    expect(far.received).toHaveLength(4);
    expect(far.closings).toEqual(["the other side closed the link: done"]);
    expect(near.closings).toEqual(["done"]);
  });

  it("goes on when a handler throws", async () => {
    const { near, far } = await pair();
    far.react = () => {
      throw new Error("a handler's own fault");
    };
    near.link.send({ kind: "ping", nonce: 1 });
    near.link.send({ kind: "ping", nonce: 2 });
    await waitUntil(realTime, "both are here", () => far.received.length === 2);
    expect(far.closings).toEqual([]);
  });

  it("works over IPv6", async () => {
    const listening = await listenWith(open(), "[::1]:0");
    expect(listening.listener.address).toMatch(/^\[::1\]:\d+$/);
    const near = await dial(open(), listening.listener.address);
    near.link.send({ kind: "ping", nonce: 1 });
    await waitUntil(realTime, "it is here", () => listening.ends[0]?.received.length === 1);
  });

  it("says why an address cannot be listened on", async () => {
    await expect(listenWith(open(), "192.0.2.1:7100")).rejects.toMatchObject({
      code: "BAD_CONFIG",
      message: expect.stringContaining("192.0.2.1:7100: this machine does not have the address"),
    });
    await expect(listenWith(open(), "no-such-host.invalid:7100")).rejects.toMatchObject({
      code: "BAD_CONFIG",
    });
  });

  it("takes no more connections than it may, and keeps those that it has", async () => {
    const limits = { connectionsMax: 4 };
    const listening = await listenWith(open({ limits }), "127.0.0.1:0");
    const dialler = open({ limits });
    const ends: LinkEnd[] = [];
    const dialMany = async (): Promise<void> => {
      while (ends.length <= limits.connectionsMax)
        ends.push(await dial(dialler, listening.listener.address));
    };
    await expect(dialMany()).rejects.toMatchObject({
      code: "SILO_LOST",
      cause: { refused: false },
    });
    expect(ends.length).toBeGreaterThan(0);
    for (const end of ends) expect(end.link.send({ kind: "ping", nonce: 1 })).toBe("sent");
    await waitUntil(realTime, "every link works", () =>
      listening.ends.every(({ received }) => received.length === 1),
    );
  });

  it("gives a dial up in time if the other side takes the connection and then says nothing", async () => {
    const silent = createServer((socket) => void socket.on("error", () => undefined).resume());
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const dialled = dial(open({ limits: { dialTimeoutMs: 100 } }), `127.0.0.1:${port}`);
    await expect(dialled).rejects.toMatchObject({ code: "SILO_LOST", cause: { refused: false } });
    // Resolves only when every connection has ended.
    await new Promise((resolve) => {
      silent.close(resolve);
    });
  });

  it("accepts no dial once its transport is closed, and closes twice", async () => {
    const transport = open();
    await transport.close();
    await transport.close();
    await expect(dial(transport, "127.0.0.1:1")).rejects.toMatchObject({ code: "SILO_LOST" });
    await expect(listenWith(transport, "127.0.0.1:0")).rejects.toMatchObject({ code: "SILO_LOST" });
  });
});

function pem(name: string): Buffer {
  return readFileSync(new URL(`../test-certificates/${name}.pem`, import.meta.url));
}

describe("TLS", () => {
  const silo = { ca: pem("ca"), cert: pem("silo"), key: pem("silo-key") };
  const stranger = { ca: pem("ca"), cert: pem("stranger"), key: pem("stranger-key") };

  it.each(["127.0.0.1", "localhost", "[::1]"])(
    "opens links between sides whose certificates one authority signed: %s",
    async (host) => {
      const listening = await listenWith(open({ tls: () => silo }), `${host}:0`);
      const near = await dial(open({ tls: () => silo }), listening.listener.address);
      near.link.send({ kind: "ping", nonce: 1 });
      await waitUntil(realTime, "it is here", () => listening.ends[0]?.received.length === 1);
    },
  );

  it.each<[string, Partial<GrpcTransportOptions>]>([
    ["the certificate of somebody else", { tls: () => stranger }],
    ["no TLS", {}],
  ])("refuses a dialler with %s", async (_, options) => {
    const listening = await listenWith(open({ tls: () => silo }), "127.0.0.1:0");
    const dialled = dial(
      open({ ...options, limits: { dialTimeoutMs: 500 } }),
      listening.listener.address,
      helloOf("stranger"),
    );
    await expect(dialled).rejects.toMatchObject({ code: "SILO_LOST" });
    expect(listening.checked).toEqual([]);
  });

  it("uses renewed certificates for new links, and leaves the open ones", async () => {
    let shown = silo;
    const renewed = { ca: pem("stranger"), cert: pem("stranger"), key: pem("stranger-key") };
    const listening = await listenWith(open({ tls: () => shown }), "127.0.0.1:0");
    const { address } = listening.listener;
    const before = await dial(open({ tls: () => silo }), address, helloOf("before"));
    shown = renewed;
    const after = await dial(open({ tls: () => renewed }), address, helloOf("after"));
    await expect(dial(open({ tls: () => silo }), address, helloOf("late"))).rejects.toMatchObject({
      code: "SILO_LOST",
    });
    for (const { link } of [before, after])
      expect(link.send({ kind: "ping", nonce: 1 })).toBe("sent");
    await waitUntil(realTime, "both are here", () =>
      listening.ends.every(({ received }) => received.length === 1),
    );
    expect(listening.ends.length).toBe(2);
  });

  it("does not dial a listener with the certificate of somebody else", async () => {
    const listening = await listenWith(open({ tls: () => stranger }), "127.0.0.1:0");
    await expect(dial(open({ tls: () => silo }), listening.listener.address)).rejects.toMatchObject(
      { code: "SILO_LOST" },
    );
    expect(listening.checked).toEqual([]);
  });
});
