import cluster from "node:cluster";
import { silentLogger, systemClock } from "@troupe/core";
import { createGrpcTransport } from "../grpc-transport.ts";

/**
 * A primary process of `node:cluster` whose two workers listen at port 0 each, as silos under pm2
 * do. Prints the addresses, one a line. It ends with its standard input.
 */
if (cluster.isPrimary) {
  for (const worker of [cluster.fork(), cluster.fork()])
    worker.once("message", (address) => void process.stdout.write(`${String(address)}\n`));
  process.stdin.resume().on("end", () => process.exit());
} else {
  process.once("disconnect", () => process.exit());
  const transport = createGrpcTransport({ clock: systemClock, logger: silentLogger });
  const { address } = await transport.listen("127.0.0.1:0", {
    hello: () => ({
      protocol: "1.1",
      cluster: "suite",
      role: "silo",
      peerId: String(process.pid),
    }),
    check: () => undefined,
    accept: () => ({ onEnvelope() {}, onClose() {} }),
  });
  process.send?.(address);
}
