import { membershipSuite, realTime, VirtualClock, virtualTime, type TestTime } from "@troupe/testkit";
import { MemoryMembership } from "./memory-membership.ts";
import { MemoryRegistry } from "./memory-registry.ts";

function suiteOn(name: string, ttlMs: number, makeTime: () => TestTime): void {
  membershipSuite({
    name,
    open: async () => {
      const time = makeTime();
      const registry = new MemoryRegistry(time.clock);
      const providers: MemoryMembership[] = [];
      return {
        ttlMs,
        time,
        openProvider: async () => {
          const provider = new MemoryMembership(registry);
          providers.push(provider);
          return provider;
        },
        dispose: async () => {
          for (const provider of providers) await provider.close();
        },
      };
    },
  });
}

suiteOn("memory, virtual time", 5_000, () => virtualTime(new VirtualClock()));
suiteOn("memory, real time", 1_000, () => realTime);
