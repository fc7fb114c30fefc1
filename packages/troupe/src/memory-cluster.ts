import { systemClock } from "@troupe/core";
import { MemoryDueIndex, MemoryNetwork, MemoryRegistry, MemoryStates } from "@troupe/memory";

/** Everything that the silos of one `memory:` URL and cluster share. It lives as long as the process, as a store would. */
export interface MemoryCluster {
  readonly network: MemoryNetwork;
  readonly registry: MemoryRegistry;
  readonly states: MemoryStates;
  readonly dueIndex: MemoryDueIndex;
}

const clusters = new Map<string, MemoryCluster>();

/** The same object for the same names. */
export function memoryCluster(name: string, cluster: string): MemoryCluster {
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
