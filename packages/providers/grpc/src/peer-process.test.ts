import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type Envelope, silentLogger, systemClock, toPortable } from "@troupe/core";
import { dial } from "@troupe/conformance";
import { realTime, waitUntil } from "@troupe/testkit";
import { afterEach, beforeEach, expect, it } from "vitest";
import { GrpcTransport } from "./grpc-transport.ts";

/** A process that listens, prints its address, and answers every ping and request. */
const ECHO_PROCESS = `
  import { silentLogger, systemClock } from "@troupe/core";
  import { createGrpcTransport } from "./src/index.ts";
  const transport = createGrpcTransport({ clock: systemClock, logger: silentLogger });
  const { address } = await transport.listen("127.0.0.1:0", {
    hello: () => ({ protocol: "1.0", cluster: "suite", role: "silo", peerId: "echo" }),
    check: () => undefined,
    accept: (link) => ({
      onEnvelope: ({ kind, nonce, callId }) => void link.send({ kind: "pong", nonce: kind === "ping" ? nonce : callId }),
      onClose: () => undefined,
    }),
  });
  process.stdout.write(address);
  process.stdin.resume().on("end", () => process.exit());
`;

const FROM_SOURCE = [
  "--conditions=@troupe/source",
  "--experimental-transform-types",
  "--no-warnings",
];

let child: ChildProcess;
let address: string;
let transport: GrpcTransport;

beforeEach(async () => {
  child = spawn(process.execPath, [...FROM_SOURCE, "--input-type=module", "--eval", ECHO_PROCESS], {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    // The child ends with its stdin, so it cannot outlive the test.
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [printed] = (await once(child.stdout ?? child, "data")) as [Buffer];
  address = printed.toString();
  transport = new GrpcTransport({ clock: systemClock, logger: silentLogger });
});

afterEach(async () => {
  await transport.close();
  child.kill("SIGKILL");
});

function request(callId: number): Envelope {
  return {
    kind: "request",
    callId,
    type: "Account",
    id: "a",
    method: "put",
    args: toPortable([new Uint8Array(60_000)], { root: "args" }),
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

it("speaks with another process, and learns at once that it was killed and that its port refuses", async () => {
  const end = await dial(transport, address);
  end.link.send({ kind: "ping", nonce: 1 });
  await waitUntil(realTime, "it answers", () => end.received.length === 1);
  child.kill("SIGKILL");
  await waitUntil(realTime, "the link is closed", () => end.closings.length > 0);
  expect(end.link.send({ kind: "ping", nonce: 2 })).toBe("closed");
  await expect(dial(transport, address)).rejects.toMatchObject({
    code: "SILO_LOST",
    cause: { refused: true },
  });
  expect(end.closings).toHaveLength(1);
});

it("fills up while the other process is stopped, and loses nothing when it goes on", async () => {
  const end = await dial(transport, address);
  end.link.send({ kind: "ping", nonce: 0 });
  await waitUntil(realTime, "it answers", () => end.received.length === 1);
  child.kill("SIGSTOP");
  let sent = 1;
  // What the connection itself takes in leaves room in the outbox again, so it is filled until
  // nothing moves any more.
  await waitUntil(realTime, "the link stays full", () => {
    const before = sent;
    while (end.link.send(request(sent)) === "sent") sent++;
    return before === sent;
  });
  child.kill("SIGCONT");
  await waitUntil(realTime, "every answer is here", () => end.received.length === sent);
  expect(end.received).toEqual(
    Array.from({ length: sent }, (_, nonce) => ({ kind: "pong", nonce })),
  );
});

it("closes in time although the other process is stopped", async () => {
  const end = await dial(transport, address);
  child.kill("SIGSTOP");
  while (end.link.send(request(1)) === "sent");
  await transport.close();
  expect(end.closings).toEqual(["the transport was closed"]);
});
