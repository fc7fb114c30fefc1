import { once } from "node:events";
import { createServer, get, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { EventStream } from "./event-stream.ts";
import type { News } from "./room.ts";

/** More than the sockets between the two ends hold. */
const MUCH: News = { kind: "present", number: 0, names: ["x".repeat(16 * 1024 * 1024)] };

/** An event stream, and its reader, who has read nothing yet. */
async function connected(): Promise<{ stream: EventStream; reader: IncomingMessage }> {
  const server = createServer();
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const request = get(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  request.on("error", () => undefined);
  const [, response] = (await once(server, "request")) as [IncomingMessage, ServerResponse];
  const stream = new EventStream(response);
  stream.begin();
  const [reader] = (await once(request, "response")) as [IncomingMessage];
  reader.on("error", () => undefined);
  return { stream, reader };
}

it("takes no further event until its reader has read what came before", async () => {
  const { stream, reader } = await connected();
  let isTold = false;
  const told = stream.tell(MUCH).finally(() => {
    isTold = true;
  });
  await once(reader, "readable");
  expect(isTold).toBe(false);
  reader.resume();
  await told;
  expect(isTold).toBe(true);
});

it("fails when its reader goes, so that whoever writes it can stop", async () => {
  const { stream, reader } = await connected();
  const told = stream.tell(MUCH);
  reader.destroy();
  await expect(told).rejects.toThrow("aborted");
});
