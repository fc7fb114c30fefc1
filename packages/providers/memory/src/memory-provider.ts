import { type Clock, type Provider, systemClock } from "@troupe/core";
import { MemoryMembership } from "./memory-membership.ts";
import { MemoryNetwork } from "./memory-network.ts";
import { MemoryRegistry } from "./memory-registry.ts";
import { MemoryReminderStore } from "./memory-reminder-store.ts";
import { MemoryStateStore } from "./memory-state-store.ts";
import { MemoryStates } from "./memory-states.ts";
import { MemoryTransport } from "./memory-transport.ts";

/** The name in a URL `memory:name`. */
export interface MemoryLocation {
  readonly name: string;
}

/**
 * Everything that the silos of one `memory:` URL and cluster share. It lives as long as the
 * process, as a store would.
 */
interface MemoryCluster {
  readonly network: MemoryNetwork;
  readonly registry: MemoryRegistry;
  /** The state and the due index. */
  readonly states: MemoryStates;
}

/** Silos of one process share a cluster, so its parts run on the clock of the process. */
const clock: Clock = systemClock;

const clusters = new Map<string, MemoryCluster>();

/** `memory:name`: every port inside of this process, for tests. */
export const memoryProvider: Provider<MemoryLocation> = {
  name: "memory",
  schemes: ["memory"],
  example: "memory:name",
  reach: "process",
  parse: (url) => ({
    kind: "location",
    location: { name: url.slice(url.indexOf(":") + 1).replace(/^\/\//, "") },
  }),
  clusters: async ({ name }) =>
    Array.from(clusters)
      .filter(([key, { registry }]) => namesOf(key)[0] === name && registry.hasHadMember)
      .map(([key]) => namesOf(key)[1]),
  openMembership: async (location, { cluster }) =>
    new MemoryMembership(memoryCluster(location, cluster).registry),
  openStores: async (location, { cluster }) => {
    const { states } = memoryCluster(location, cluster);
    return { state: new MemoryStateStore(states), reminders: new MemoryReminderStore(states.due) };
  },
  openTransport: async (location, { cluster, authentication }) => {
    const { network } = memoryCluster(location, cluster);
    return new MemoryTransport({ network, clock, authentication });
  },
};

/** The name in the URL, and the cluster's. */
function namesOf(key: string): [location: string, cluster: string] {
  return JSON.parse(key) as [string, string];
}

/** The same object for the same names. */
function memoryCluster({ name }: MemoryLocation, cluster: string): MemoryCluster {
  const key = JSON.stringify([name, cluster]);
  let found = clusters.get(key);
  if (found === undefined) {
    found = {
      network: new MemoryNetwork({ clock }),
      registry: new MemoryRegistry(clock),
      states: new MemoryStates(undefined, () => clock.monotonic()),
    };
    clusters.set(key, found);
  }
  return found;
}
