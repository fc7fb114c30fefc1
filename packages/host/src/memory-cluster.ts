import {
  type Authentication,
  type ReminderStore,
  type StateStore,
  systemClock,
} from "@troupe/core";
import {
  MemoryDueIndex,
  MemoryMembership,
  MemoryNetwork,
  MemoryRegistry,
  MemoryReminderStore,
  MemoryStates,
  MemoryStateStore,
  MemoryTransport,
} from "@troupe/memory";

/**
 * Everything that the silos of one `memory:` URL and cluster share. It lives as long as the
 * process, as a store would.
 */
interface MemoryCluster {
  readonly network: MemoryNetwork;
  readonly registry: MemoryRegistry;
  readonly states: MemoryStates;
  readonly dueIndex: MemoryDueIndex;
}

const clusters = new Map<string, MemoryCluster>();

export function openMemoryMembership(name: string, cluster: string): MemoryMembership {
  return new MemoryMembership(memoryCluster(name, cluster).registry);
}

export function openMemoryTransport(
  name: string,
  cluster: string,
  authentication: Authentication,
): MemoryTransport {
  const { network } = memoryCluster(name, cluster);
  return new MemoryTransport({ network, clock: systemClock, authentication });
}

export function openMemoryStores(
  name: string,
  cluster: string,
): { readonly state: StateStore; readonly reminders: ReminderStore } {
  const { states, dueIndex } = memoryCluster(name, cluster);
  return { state: new MemoryStateStore(states), reminders: new MemoryReminderStore(dueIndex) };
}

/** The same object for the same names. */
function memoryCluster(name: string, cluster: string): MemoryCluster {
  const key = JSON.stringify([name, cluster]);
  let found = clusters.get(key);
  if (found === undefined) {
    found = {
      network: new MemoryNetwork({ clock: systemClock }),
      registry: new MemoryRegistry(systemClock),
      states: new MemoryStates(),
      dueIndex: new MemoryDueIndex(),
    };
    clusters.set(key, found);
  }
  return found;
}
