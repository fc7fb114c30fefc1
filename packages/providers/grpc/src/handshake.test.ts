import { readFileSync } from "node:fs";
import {
  Client,
  type ClientDuplexStream,
  credentials,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
} from "@grpc/grpc-js";
import {
  Authentication,
  type CertificateRoles,
  type Logger,
  type Secrets,
  silentLogger,
  systemClock,
} from "@troupe/core";
import { dial, helloOf, listenWith, type ListeningSide } from "@troupe/conformance";
import { realTime, waitUntil } from "@troupe/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { decodeFrame, encodeBatch, encodeHello, encodeProof, type Frame } from "./frame.ts";
import { GrpcTransport } from "./grpc-transport.ts";
import { LINK_OPEN } from "./link-service.ts";
import type { GrpcTransportOptions } from "./transport-options.ts";

const SECRETS = { silo: "silo secret", client: "client secret", operator: "operator secret" };
const CLUSTER = authenticationOf(SECRETS);
const CLIENT = authenticationOf({ client: SECRETS.client });

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function authenticationOf(secrets: Secrets, certificateRoles?: CertificateRoles): Authentication {
  return new Authentication({ cluster: "suite", secrets, certificateRoles });
}

function open(options: Partial<GrpcTransportOptions>): GrpcTransport {
  const transport = new GrpcTransport({ clock: systemClock, logger: silentLogger, ...options });
  closers.push(() => transport.close());
  return transport;
}

function listen(authentication = CLUSTER, logger = silentLogger): Promise<ListeningSide> {
  return listenWith(open({ authentication, logger }), "127.0.0.1:0");
}

/** Listens as somebody who has read the protocol, and gives its address. */
async function listenByHand(
  onStream: (stream: ServerDuplexStream<Buffer, Buffer>) => void,
): Promise<string> {
  const server = new Server();
  server.addService({ Open: LINK_OPEN }, { Open: onStream });
  closers.push(() => server.forceShutdown());
  return await new Promise<string>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(`127.0.0.1:${port}`);
      else reject(error);
    });
  });
}

/** Opens a stream as somebody who has read the protocol. */
function dialByHand(address: string): {
  readonly stream: ClientDuplexStream<Buffer, Buffer>;
  readonly frames: Frame[];
} {
  const client = new Client(address, credentials.createInsecure());
  const { path, requestSerialize, responseDeserialize } = LINK_OPEN;
  const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  const frames: Frame[] = [];
  stream.on("data", (bytes: Buffer) => void frames.push(decodeFrame(bytes)));
  stream.on("error", () => undefined);
  closers.push(() => {
    stream.cancel();
    client.close();
  });
  return { stream, frames };
}

const NONCE = new Uint8Array(32).fill(7);
const SILO = helloOf("silo-1");

describe("a handshake", () => {
  it.each(["silo", "client", "operator"] as const)(
    "opens a link for a %s that knows its secret, and tells each side who the other is",
    async (role) => {
      const listening = await listen();
      const authentication = authenticationOf({ [role]: SECRETS[role] });
      const hello = helloOf("client-1", { role });
      const near = await dial(open({ authentication }), listening.listener.address, hello);
      expect(near.link.principal).toEqual({ role: "silo", name: "listener" });
      expect(listening.ends[0]?.link.principal).toEqual({ role, name: "client-1" });
      near.link.send({ kind: "ping", nonce: 1 });
      await waitUntil(realTime, "it works", () => listening.ends[0]?.received.length === 1);
    },
  );

  it.each<[string, Secrets, "silo" | "client"]>([
    ["another secret", { client: "wrong secret" }, "client"],
    ["none", {}, "client"],
    ["the clients' secret as a silo", { silo: SECRETS.client }, "silo"],
  ])("refuses a dialler that has %s", async (_, secrets, role) => {
    const listening = await listen();
    const transport = open({ authentication: authenticationOf(secrets) });
    const failed = dial(transport, listening.listener.address, helloOf("client-1", { role }));
    await expect(failed).rejects.toMatchObject({ code: "UNAUTHENTICATED", ran: "no" });
    expect(listening.ends).toEqual([]);
  });

  it("opens a link for a client that proves a name, and for one without as ever", async () => {
    const clients = { shop: "secret of shop" };
    const listening = await listen(authenticationOf({ ...SECRETS, clients }));
    const { address } = listening.listener;
    const named = helloOf("client-1", { role: "client", name: "shop" });
    await dial(open({ authentication: authenticationOf({ clients }) }), address, named);
    await dial(open({ authentication: CLIENT }), address, helloOf("client-2", { role: "client" }));
    expect(listening.ends.map(({ link }) => link.principal.name)).toEqual(["shop", "client-2"]);
  });

  it.each([
    ["a name that there is not", "nobody", "secret of shop", "client"],
    ["the secret of another name", "shop", "secret of kiosk", "client"],
    ["the clients' secret", "shop", SECRETS.client, "client"],
  ] as const)("refuses a name late, with %s", async (_, name, secret, role) => {
    const clients = { shop: "secret of shop", kiosk: "secret of kiosk" };
    const listening = await listen(authenticationOf({ ...SECRETS, clients }));
    const transport = open({ authentication: authenticationOf({ clients: { [name]: secret } }) });
    const startedAt = systemClock.monotonic();
    const failed = dial(transport, listening.listener.address, helloOf("client-1", { role, name }));
    await expect(failed).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      message: expect.stringContaining(`the client ${name}; check its name, and its token`),
    });
    expect(systemClock.monotonic() - startedAt).toBeGreaterThan(900);
    expect(listening.ends).toEqual([]);
  });

  it.each(["silo", "operator"] as const)(
    "refuses a %s with a client's name at once",
    async (role) => {
      const clients = { shop: "secret of shop" };
      const listening = await listen(authenticationOf({ ...SECRETS, clients }));
      const { stream, frames } = dialByHand(listening.listener.address);
      stream.write(encodeHello({ ...helloOf("x", { role }), name: "shop" }, NONCE));
      await waitUntil(realTime, "it is refused", () => frames.length === 1);
      expect(frames[0]).toMatchObject({ refusal: { code: "UNAUTHENTICATED" } });
      expect(listening.ends).toEqual([]);
    },
  );

  it("answers a wrong proof late, and logs many of them once", async () => {
    const warnings: string[] = [];
    const note: Logger["warn"] = (_, message) => void warnings.push(message);
    const listening = await listen(CLUSTER, { ...silentLogger, warn: note });
    const authentication = authenticationOf({ client: "wrong secret" });
    const hello = helloOf("client-1", { role: "client" });
    const startedAt = systemClock.monotonic();
    const results = await Promise.allSettled(
      Array.from({ length: 12 }, () =>
        dial(open({ authentication }), listening.listener.address, hello),
      ),
    );
    expect(systemClock.monotonic() - startedAt).toBeGreaterThan(900);
    const codes = results.map((result) => result.status === "rejected" && result.reason.code);
    // Those beyond eight at a time of one host learn nothing at all.
    expect(codes.filter((code) => code === "UNAUTHENTICATED")).toHaveLength(8);
    expect(codes.filter((code) => code === "SILO_LOST")).toHaveLength(4);
    expect(warnings.filter((line) => line.startsWith("link refused"))).toHaveLength(1);
    for (const line of warnings) expect(line).not.toContain("wrong secret");
  });

  it("lets a peer of version 1.0 in where no secret is asked for, and only there", async () => {
    const hello = helloOf("silo-0", { protocol: "1.0" });
    const closed = await listen();
    const failed = dial(open({}), closed.listener.address, hello);
    await expect(failed).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    const opened = await listen(authenticationOf({}));
    const near = await dial(open({}), opened.listener.address, hello);
    expect(near.link.remote.peerId).toBe("listener");
  });

  it("delivers nothing that is sent before it is over", async () => {
    const listening = await listen();
    const { stream, frames } = dialByHand(listening.listener.address);
    stream.write(encodeHello(helloOf("client-1", { role: "client" }), NONCE));
    stream.write(encodeBatch(Buffer.from([0x90])));
    await waitUntil(realTime, "it is refused", () => stream.destroyed || frames.length > 0);
    await realTime.elapse(50);
    expect(listening.ends).toEqual([]);
  });
});

describe("a false listener", () => {
  it("learns neither the secret nor a proof that is good elsewhere", async () => {
    const seen: Buffer[] = [];
    const address = await listenByHand((stream) => {
      stream.on("data", (bytes: Buffer) => void seen.push(bytes));
      stream.on("error", () => undefined);
      stream.write(encodeHello(SILO, NONCE));
    });
    const transport = open({ authentication: CLIENT, limits: { dialTimeoutMs: 300 } });
    const hello = helloOf("client-1", { role: "client" });
    await expect(dial(transport, address, hello)).rejects.toMatchObject({ code: "SILO_LOST" });
    const [first, second] = seen.map((bytes) => decodeFrame(bytes));
    expect(first).toMatchObject({ kind: "hello", nonce: expect.any(Uint8Array) });
    expect(Buffer.concat(seen).includes(SECRETS.client)).toBe(false);
    if (second?.kind !== "proof") throw new Error("the dialler has proven nothing");

    const listening = await listen();
    const { stream, frames } = dialByHand(listening.listener.address);
    stream.write(encodeHello(hello, first?.kind === "hello" ? first.nonce : undefined));
    await waitUntil(realTime, "the challenge comes", () => frames.length === 1);
    stream.write(encodeProof(second.proof));
    await waitUntil(realTime, "it is refused", () => frames.length === 2);
    expect(frames[1]).toMatchObject({ kind: "refusal", refusal: { code: "UNAUTHENTICATED" } });
    expect(listening.ends).toEqual([]);
  });

  it("is given no link if it sends the dialler's proof back, or says that no secret is asked for", async () => {
    const mirror = await listenByHand((stream) => {
      stream.on("error", () => undefined);
      stream.on("data", (bytes: Buffer) => {
        const frame = decodeFrame(bytes);
        stream.write(frame.kind === "proof" ? encodeProof(frame.proof) : encodeHello(SILO, NONCE));
      });
    });
    const silent = await listenByHand((stream) => {
      stream.on("error", () => undefined);
      stream.write(encodeHello(SILO));
    });
    for (const address of [mirror, silent]) {
      const failed = dial(open({ authentication: CLUSTER }), address, helloOf("silo-2"));
      await expect(failed).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    }
  });

  it("cannot pass a dialler on to another silo under a name of its own", async () => {
    const listening = await listen();
    const address = await listenByHand((stream) => {
      stream.on("error", () => undefined);
      const { stream: onward } = dialByHand(listening.listener.address);
      stream.on("data", (bytes: Buffer) => void onward.write(bytes));
      onward.on("data", (bytes: Buffer) => {
        const frame = decodeFrame(bytes);
        // The dialler looks for silo-1, and so the false listener says that it is.
        stream.write(frame.kind === "hello" ? encodeHello(SILO, frame.nonce) : bytes);
      });
    });
    const failed = dial(open({ authentication: CLUSTER }), address, helloOf("silo-2"));
    await expect(failed).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    expect(listening.ends).toEqual([]);
  });
});

function pem(name: string): Buffer {
  return readFileSync(new URL(`../test-certificates/${name}.pem`, import.meta.url));
}

describe("a handshake with certificates", () => {
  const tls = { ca: pem("ca"), cert: pem("silo"), key: pem("silo-key") };

  it("is bound to the channel, and opens with a secret as well", async () => {
    const authentication = CLUSTER;
    const listening = await listenWith(open({ authentication, tls: () => tls }), "127.0.0.1:0");
    const near = await dial(
      open({ authentication, tls: () => tls }),
      listening.listener.address,
      helloOf("silo-2"),
    );
    expect(near.link.principal.role).toBe("silo");
  });

  it("gives the role that the name of the certificate has, and no other", async () => {
    const name = "localhost";
    const ofClient = authenticationOf({}, { silo: ["nobody"], client: [name] });
    const listening = await listenWith(
      open({ authentication: ofClient, tls: () => tls }),
      "127.0.0.1:0",
    );
    const { address } = listening.listener;
    const dialler = open({ tls: () => tls });
    const near = await dial(dialler, address, helloOf("client-1", { role: "client" }));
    expect(near.link.principal.role).toBe("silo");
    expect(listening.ends[0]?.link.principal).toEqual({ role: "client", name });
    await expect(dial(dialler, address, helloOf("silo-9"))).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      message: expect.stringContaining("tls.roles.silo"),
    });
  });
});
