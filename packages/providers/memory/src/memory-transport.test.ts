import { transportSuite } from "@troupe/conformance";
import { realTime, VirtualClock, virtualTime, type TestTime } from "@troupe/testkit";
import { MemoryNetwork } from "./memory-network.ts";
import { MemoryTransport } from "./memory-transport.ts";

function suiteOn(name: string, latencyMs: number, makeTime: () => TestTime): void {
  transportSuite({
    name,
    open: async () => {
      const time = makeTime();
      const network = new MemoryNetwork({ clock: time.clock, latencyMs });
      const transports: MemoryTransport[] = [];
      return {
        time,
        listenAddress: "127.0.0.1:0",
        openTransport: async (clock) => {
          const transport = new MemoryTransport({ network, clock });
          transports.push(transport);
          return transport;
        },
        dispose: async () => {
          for (const transport of transports) await transport.close();
        },
      };
    },
  });
}

suiteOn("memory, virtual time", 0, () => virtualTime(new VirtualClock()));
suiteOn("memory, virtual time, 3 ms away", 3, () => virtualTime(new VirtualClock()));
suiteOn("memory, real time", 0, () => realTime);
