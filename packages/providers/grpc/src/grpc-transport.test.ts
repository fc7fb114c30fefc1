import { silentLogger } from "@troupe/core";
import { transportSuite } from "@troupe/conformance";
import { realTime } from "@troupe/testkit";
import { GrpcTransport } from "./grpc-transport.ts";

transportSuite({
  name: "grpc",
  open: async () => {
    const opened: GrpcTransport[] = [];
    return {
      time: realTime,
      listenAddress: "127.0.0.1:0",
      openTransport: async (clock) => {
        const transport = new GrpcTransport({ clock, logger: silentLogger });
        opened.push(transport);
        return transport;
      },
      dispose: async () => {
        await Promise.all(opened.map((transport) => transport.close()));
      },
    };
  },
});
