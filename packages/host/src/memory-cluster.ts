import { type ReminderStore, type StateStore, systemClock } from "@troupe/core";
import {
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
}

const clusters = new Map<string, MemoryCluster>();

export function openMemoryMembership(name: string, cluster: string): MemoryMembership {
  return new MemoryMembership(memoryCluster(name, cluster).registry);
}

export function openMemoryTransport(name: string, cluster: string): MemoryTransport {
  return new MemoryTransport({ network: memoryCluster(name, cluster).network, clock: systemClock });
}

export function openMemoryStores(
  name: string,
  cluster: string,
): { readonly state: StateStore; readonly reminders: ReminderStore } {
  const { states } = memoryCluster(name, cluster);
  return { state: new MemoryStateStore(states), reminders: new MemoryReminderStore(states.due) };
}

/** The same object for the same names. */
function memoryCluster(name: string, cluster: string): MemoryCluster {
  const key = JSON.stringify([name, cluster]);
  let found = clusters.get(key);
  if (found === undefined) {
    found = {
      network: new MemoryNetwork({ clock: systemClock }),
      registry: new MemoryRegistry(systemClock),
      states: new MemoryStates(undefined, () => systemClock.monotonic()),
    };
    clusters.set(key, found);
  }
  return found;
}
