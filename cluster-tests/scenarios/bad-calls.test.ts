import { connect, type Socket } from "node:net";
import { randomBytes } from "node:crypto";
import { type Cluster, TroupeError } from "troupe";
import { describe, expect, it, vi } from "vitest";
import { Echo } from "../actors/echo.ts";
import { Ledger } from "../actors/ledger.ts";
import { usingClusters } from "../harness/using-clusters.ts";

vi.setConfig({ testTimeout: 60_000 });

class Point {
  readonly x = 1;
}

const MEBIBYTE = 1024 * 1024;

/** How calls can be wrong, and the error that each is answered with. */
const WRONG_CALLS: readonly (readonly [string, (client: Cluster) => unknown, object])[] = [
  [
    "an unknown type",
    (client) => untyped(client, "Nobody", "a", "record"),
    { code: "NO_SUCH_ACTOR_TYPE", ran: "no" },
  ],
  [
    "an unknown method",
    (client) => untyped(client, "Ledger", "a", "nothing"),
    { code: "NO_SUCH_METHOD", ran: "no" },
  ],
  [
    "a member of every actor",
    (client) => untyped(client, "Ledger", "a", "deactivate"),
    { code: "NO_SUCH_METHOD", ran: "no" },
  ],
  [
    "a hook",
    (client) => untyped(client, "Ledger", "a", "onActivate"),
    { code: "NO_SUCH_METHOD", ran: "no" },
  ],
  [
    "a name of every object",
    (client) => untyped(client, "Ledger", "a", "hasOwnProperty"),
    { code: "NO_SUCH_METHOD", ran: "no" },
  ],
  [
    "a slot",
    (client) => untyped(client, "Ledger", "a", "operations"),
    { code: "NO_SUCH_METHOD", ran: "no" },
  ],
  [
    "a reminder's handler",
    (client) => untyped(client, "Clockwork", "a", "wake"),
    { code: "NO_SUCH_METHOD", ran: "no" },
  ],
  ["an empty id", (client) => client.actor(Ledger, "").read(), { code: "BAD_ACTOR_ID", ran: "no" }],
  [
    "an id that is too long",
    (client) => client.actor(Ledger, "é".repeat(513)).read(),
    { code: "BAD_ACTOR_ID", ran: "no" },
  ],
  [
    "half of a character as id",
    (client) => client.actor(Ledger, "\ud800").read(),
    { code: "BAD_ACTOR_ID", ran: "no" },
  ],
  [
    "a function among the arguments",
    (client) => client.actor(Echo, "a").echo({ items: [1, { done: () => undefined }] }),
    {
      code: "NOT_SERIALIZABLE",
      ran: "no",
      message: expect.stringContaining("args[0].items[1].done"),
    },
  ],
  [
    "a class instance among the arguments",
    (client) => client.actor(Echo, "a").echo(new Map([["key", new Point()]])),
    {
      code: "NOT_SERIALIZABLE",
      ran: "no",
      message: expect.stringMatching(/args\[0\].*key.*Point/),
    },
  ],
  [
    "a result that cannot be copied",
    (client) => client.actor(Echo, "a").callback(),
    { code: "NOT_SERIALIZABLE", message: expect.stringContaining("result.items[0]") },
  ],
  [
    "arguments over the limit",
    (client) => client.actor(Echo, "a").echo(new Uint8Array(5 * MEBIBYTE)),
    { code: "PAYLOAD_TOO_LARGE", ran: "no" },
  ],
  [
    "a result over the limit",
    (client) => client.actor(Echo, "a").bytes(5 * MEBIBYTE),
    { code: "PAYLOAD_TOO_LARGE" },
  ],
];

describe("wrong calls", () => {
  const clusters = usingClusters("embedded");

  it("are each answered with the error that names what is wrong, and the silo goes on", async () => {
    const cluster = clusters.create();
    const silos = await cluster.start(1);
    const client = await cluster.connect();
    for (const [what, call, error] of WRONG_CALLS) {
      const answer = await outcomeOf(() => call(client));
      expect(answer, what).toBeInstanceOf(TroupeError);
      expect(answer, what).toMatchObject(error);
    }
    await client.actor(Ledger, "é".repeat(512)).record(1);
    expect(await client.actor(Ledger, "é".repeat(512)).read()).toEqual([1]);
    const large = await client.actor(Echo, "a").bytes(3 * MEBIBYTE);
    expect(large).toHaveLength(3 * MEBIBYTE);
    expect(cluster.silos).toEqual(silos);
  });
});

describe("garbage on the port of a silo", () => {
  const clusters = usingClusters("embedded");

  it("ends its connection, and the silos and their links go on", async () => {
    const cluster = clusters.create();
    const silos = await cluster.start(2);
    const client = await cluster.connect();
    const ids = Array.from({ length: 10 }, (_, index) => `garbage-${index}`);
    const owners = await Promise.all(ids.map((id) => client.actor(Ledger, id).where()));
    const http2 = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    const pieces = [
      randomBytes(64 * 1024),
      Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
      Buffer.from("1603010200010001fc0303", "hex"),
      Buffer.concat([http2, randomBytes(64 * 1024)]),
      // A frame of 16 MiB, of which nothing comes.
      Buffer.concat([http2, Buffer.from("ffffff0000000000ff", "hex")]),
      Buffer.alloc(MEBIBYTE),
    ];
    for (const { ready } of silos) {
      const { address } = await ready;
      await Promise.all(pieces.map((piece) => throwAt(address, piece)));
    }
    expect(await Promise.all(ids.map((id) => client.actor(Ledger, id).where()))).toEqual(owners);
    await Promise.all(ids.map((id) => client.actor(Ledger, id).record(1)));
    expect(await client.actor(Ledger, "garbage-0").read()).toEqual([1]);
    expect(cluster.silos).toEqual(silos);
    expect((await cluster.snapshots(client)).map(({ siloId }) => siloId).toSorted()).toEqual(
      (await Promise.all(silos.map(({ ready }) => ready))).map(({ siloId }) => siloId).toSorted(),
    );
  });
});

function untyped(client: Cluster, type: string, id: string, method: string): unknown {
  return client.actor(type, id)[method]?.(1);
}

/** What the call throws, at once or later. */
async function outcomeOf(call: () => unknown): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    return error;
  }
}

/**
 * Writes the bytes; resolves when the other side has ended the connection, or has had all of them
 * and says nothing.
 */
function throwAt(address: string, bytes: Buffer): Promise<void> {
  const [host = "", port = ""] = address.split(":");
  return new Promise((resolve) => {
    const socket: Socket = connect(Number(port), host);
    socket.on("error", () => undefined);
    socket.on("close", () => resolve());
    socket.resume();
    socket.end(bytes);
  });
}
