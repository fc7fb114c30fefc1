import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import {
  Client,
  type ClientDuplexStream,
  credentials,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
} from "@grpc/grpc-js";
import {
  createValuePacker,
  type Logger,
  silentLogger,
  systemClock,
  TroupeError,
} from "@troupe/core";
import { dial, helloOf, listenWith, type ListeningSide } from "@troupe/conformance";
import { realTime, VirtualClock, waitUntil } from "@troupe/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { encodeBatch, encodeHello, encodePart, encodeRefusal } from "./frame.ts";
import { GrpcTransport } from "./grpc-transport.ts";
import { FRAME_MAX_BYTES, PARTS_MAX_BYTES } from "./link-limits.ts";
import { LINK_OPEN, serializeFrame } from "./link-service.ts";

const packer = createValuePacker();

/** Of the listener: its time only passes when a test lets it. */
let clock: VirtualClock;
let warnings: string[];
let transport: GrpcTransport;
let listening: ListeningSide;
let port: number;

beforeEach(async () => {
  warnings = [];
  const note = (_: object, message: string): void => void warnings.push(message);
  const logger: Logger = { ...silentLogger, warn: note, error: note };
  clock = new VirtualClock();
  transport = new GrpcTransport({ clock, logger });
  listening = await listenWith(transport, "127.0.0.1:0");
  port = Number(listening.listener.address.split(":")[1]);
});

afterEach(async () => {
  await expectGoodLinksStillWork();
  await transport.close();
});

async function expectGoodLinksStillWork(): Promise<void> {
  const good = await dial(transport, listening.listener.address, helloOf("good"));
  good.link.send({ kind: "ping", nonce: 1 });
  const end = listening.ends.find(({ link }) => link.remote.peerId === "good");
  await waitUntil(realTime, "a good link works", () => end?.received.length === 1);
}

/** Waits for the listener to end a connection after its five seconds, and not before. */
async function closedInTime(closed: Promise<unknown>): Promise<void> {
  let isClosed = false;
  void closed.then(() => (isClosed = true));
  // Every connection has a timer from the moment it is accepted.
  await waitUntil(realTime, "the connection is accepted", () => clock.pending > 0);
  await clock.advance(4_999);
  expect(isClosed).toBe(false);
  await clock.advance(1);
  await closed;
}

describe("bytes on the port that are not gRPC", () => {
  it.each<[string, string | Buffer]>([
    ["HTTP/1", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["junk", Buffer.from(Array.from({ length: 5_000 }, (_, index) => (index * 7_919) & 255))],
    ["a TLS hello", Buffer.from("160301020001000001fc0303", "hex")],
    [
      "HTTP/2 and then junk",
      Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Buffer.alloc(4_000, 0xff)]),
    ],
    [
      "HTTP/2 with a frame of 16 MiB",
      Buffer.concat([
        Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        Buffer.from("ffffff0000000000010000", "hex"),
      ]),
    ],
  ])("end the connection, with one line in the log: %s", async (_, bytes) => {
    const socket = connectTcp(port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write(bytes);
    socket.resume();
    await once(socket, "close");
    await waitUntil(realTime, "it is logged", () => warnings.length > 0);
    expect(warnings).toEqual(["connection ended before it became a link"]);
  });

  it("end a connection that says nothing for five seconds, without a word", async () => {
    const socket = connectTcp(port, "127.0.0.1").resume();
    await closedInTime(once(socket, "close"));
    expect(warnings).toEqual([]);
  });

  it("end a connection that begins to speak HTTP/2 and stops for five seconds", async () => {
    const socket = connectTcp(port, "127.0.0.1").resume();
    socket.write("PRI * HT");
    await closedInTime(once(socket, "close"));
  });
});

/**
 * A stream to the listener, opened by hand, and what is left to do when the other side has ended
 * it.
 */
function openByHand(): {
  stream: ClientDuplexStream<Buffer, Buffer>;
  ended: Promise<unknown>;
  client: Client;
} {
  const client = new Client(listening.listener.address, credentials.createInsecure());
  const { path, requestSerialize, responseDeserialize } = LINK_OPEN;
  const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  const ended = new Promise((resolve) => {
    stream.on("status", resolve);
  });
  stream.on("error", () => undefined);
  stream.resume();
  return { stream, ended, client };
}

describe("streams to the listener", () => {
  it.each<[string, Buffer]>([
    ["junk", Buffer.from([0xff, 0xff, 0xff])],
    ["nothing", Buffer.alloc(0)],
    ["a batch", encodeBatch(packer.pack([17, 1]))],
    ["a hello without a role", serializeFrame({ hello: { protocol: "1.0" } })],
  ])("end if they begin with something else than hello: %s", async (_, first) => {
    const { stream, ended, client } = openByHand();
    stream.write(first);
    await ended;
    client.close();
    await waitUntil(realTime, "it is logged", () => warnings.length > 0);
    expect(warnings[0]).toBe("link ended before it was open");
    expect(listening.ends).toEqual([]);
  });

  it("end if they do not say hello in time", async () => {
    const { ended, client } = openByHand();
    await closedInTime(ended);
    client.close();
    expect(listening.ends).toEqual([]);
  });

  it("are refused if they speak another major version, and told so", async () => {
    const refused = dial(
      transport,
      listening.listener.address,
      helloOf("new", { protocol: "2.0" }),
    );
    await expect(refused).rejects.toMatchObject({
      code: "BAD_CONFIG",
      message: expect.stringContaining('protocol "2.0"'),
    });
    expect(listening.checked).toEqual([]);
    const nextMinor = await dial(
      transport,
      listening.listener.address,
      helloOf("minor", { protocol: "1.9" }),
    );
    expect(nextMinor.link.remote.peerId).toBe("listener");
  });

  const deep = Buffer.concat([Buffer.alloc(100_000, 0x91), Buffer.from([1])]);
  it.each<[string, Buffer]>([
    ["junk", Buffer.from([0xff, 0xff, 0xff])],
    ["a second hello", encodeHello(helloOf("again"))],
    ["a refusal", encodeRefusal({ code: "BAD_CONFIG", message: "no" })],
    ["a batch of junk", encodeBatch(Buffer.from([0xc1, 0xc1]))],
    ["an empty batch", encodeBatch(Buffer.alloc(0))],
    ["a batch that is an object", encodeBatch(packer.pack({ __proto__: null, a: 1 }))],
    [
      "an envelope of wrong types",
      encodeBatch(packer.pack([9 * 16 + 1, "1", 2, 3, 4, 5, 6, 7, 8, 9])),
    ],
    ["a huge array", encodeBatch(Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff]))],
    ["deep nesting", encodeBatch(deep)],
    [
      "a key __proto__",
      encodeBatch(
        Buffer.concat([
          Buffer.from([0x91, 0x81, 0xa9]),
          Buffer.from("__proto__"),
          Buffer.from([1]),
        ]),
      ),
    ],
    ["a part without a first one", encodePart(0, Buffer.from([1]))],
    ["parts of a message that is too long", encodePart(PARTS_MAX_BYTES + 1, Buffer.from([1]))],
  ])("end if they send something hostile, with one line in the log: %s", async (_, bytes) => {
    const { stream, ended, client } = openByHand();
    stream.write(encodeHello(helloOf("hostile")));
    stream.write(encodeBatch(packer.pack([16 + 6, 5])));
    stream.write(bytes);
    stream.write(encodeBatch(packer.pack([16 + 6, 6])));
    await ended;
    client.close();
    const [end] = listening.ends;
    await waitUntil(realTime, "the link is closed", () => end?.closings.length === 1);
    expect(end?.received).toEqual([{ kind: "ping", nonce: 5 }]);
    expect(end?.closings).toEqual([expect.stringContaining("protocol")]);
    expect(warnings).toEqual(["link ended: protocol broken"]);
  });

  it("end if they send a frame that is too long", async () => {
    const { stream, ended, client } = openByHand();
    stream.write(encodeHello(helloOf("hostile")));
    stream.write(encodeBatch(Buffer.alloc(2 * FRAME_MAX_BYTES)));
    await ended;
    client.close();
    await waitUntil(realTime, "the link is closed", () => listening.ends[0]?.closings.length === 1);
    expect(listening.ends[0]?.received).toEqual([]);
  });

  it("pass over frames and envelopes of a later minor version", async () => {
    const { stream, client } = openByHand();
    stream.write(encodeHello(helloOf("later", { protocol: "1.9" })));
    stream.write(Buffer.from([0x7a, 2, 1, 2]));
    stream.write(encodeBatch(packer.pack([2 * 16 + 15, "new", {}, 16 + 6, 5])));
    await waitUntil(
      realTime,
      "the known envelope is here",
      () => listening.ends[0]?.received.length === 1,
    );
    client.close();
  });
});

describe("what a dialler finds", () => {
  let server: Server;
  let onStream: (stream: ServerDuplexStream<Buffer, Buffer>) => void;
  let address: string;

  beforeEach(async () => {
    server = new Server();
    server.addService(
      { Open: LINK_OPEN },
      { Open: (stream: ServerDuplexStream<Buffer, Buffer>) => onStream(stream) },
    );
    const bound = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, at) =>
        error === null ? resolve(at) : reject(error),
      );
    });
    address = `127.0.0.1:${bound}`;
  });
  afterEach(() => server.forceShutdown());

  it.each<[string, Buffer]>([
    ["junk", Buffer.from([0xff, 0xff])],
    ["a batch", encodeBatch(packer.pack([]))],
    ["a hello of another major version", encodeHello(helloOf("old", { protocol: "0.9" }))],
  ])("fails the dial if the first answer is %s", async (_, first) => {
    onStream = (stream) => void stream.write(first);
    const error: unknown = await dial(transport, address).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TroupeError);
    expect(error).toMatchObject({ code: expect.stringMatching(/SILO_LOST|BAD_CONFIG/) });
  });

  it("fails the dial in time if there is no answer, and leaves no connection behind", async () => {
    const ended = new Promise((resolve) => {
      onStream = (stream) => void stream.on("cancelled", resolve);
    });
    const hasty = new GrpcTransport({
      clock: systemClock,
      logger: silentLogger,
      limits: { dialTimeoutMs: 100 },
    });
    await expect(dial(hasty, address)).rejects.toMatchObject({
      code: "SILO_LOST",
      cause: { refused: false },
    });
    await ended;
    await hasty.close();
  });

  it("says refused if the port refuses by the time the dial has failed", async () => {
    onStream = () => server.forceShutdown();
    await expect(dial(transport, address)).rejects.toMatchObject({
      code: "SILO_LOST",
      cause: { refused: true },
    });
  });

  it("ends the link if the other side sends junk later", async () => {
    onStream = (stream) => {
      stream.write(encodeHello(helloOf("hostile")));
      stream.write(encodeBatch(Buffer.from([0xc1])));
      stream.on("data", () => undefined);
    };
    const end = await dial(transport, address);
    await waitUntil(realTime, "the link is closed", () => end.closings.length === 1);
    expect(end.link.send({ kind: "ping", nonce: 1 })).toBe("closed");
  });
});
