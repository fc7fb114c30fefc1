import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { dial } from "@troupe/conformance";
import { silentLogger, systemClock } from "@troupe/core";
import { expect, it, onTestFinished } from "vitest";
import { GrpcTransport } from "./grpc-transport.ts";

const FROM_SOURCE = [
  "--conditions=@troupe/source",
  "--experimental-transform-types",
  "--no-warnings",
];

it("gives each worker of node:cluster a port of its own, so that a link reaches the silo that is meant", async () => {
  const program = fileURLToPath(new URL("testing/shared-port-program.ts", import.meta.url));
  const child = spawn(process.execPath, [...FROM_SOURCE, program], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.stdin.end());
  const addresses: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    addresses.push(line);
    if (addresses.length === 2) break;
  }
  expect(new Set(addresses).size).toBe(2);
  const transport = new GrpcTransport({ clock: systemClock, logger: silentLogger });
  onTestFinished(() => transport.close());
  for (const address of addresses) {
    const first = await dial(transport, address);
    for (let times = 0; times < 3; times++) {
      const again = await dial(transport, address);
      expect(again.link.remote.peerId).toBe(first.link.remote.peerId);
    }
  }
});
