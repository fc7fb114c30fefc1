import { parseArgs } from "node:util";
import { connect } from "troupe";
import { ChatServer } from "./chat-server.ts";

/**
 * The HTTP server as a process of its own: `node dist/http-process.js --membership <url>`. It ends
 * with SIGTERM, with Ctrl-C, and with the process that has started it.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      cluster: { type: "string", default: "chat" },
      membership: { type: "string", default: "file:./.troupe" },
      host: { type: "string", default: "127.0.0.1" },
      port: { type: "string", default: "8080" },
    },
  });
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => end());
  process.once("disconnect", () => end());

  const { cluster, membership, host } = values;
  await using rooms = await connect({ cluster, membership, logLevel: "error" });
  await using server = await ChatServer.start(rooms, { host, port: Number(values.port) });
  process.send?.({ address: server.url });
  if (!process.connected) process.stdout.write(`the chat is at ${server.url}\n`);
  await ended;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  // An open channel to the starter would keep this process alive.
  if (process.connected) process.disconnect();
}
