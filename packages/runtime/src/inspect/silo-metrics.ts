import type { Metrics, ObservedInfo } from "@troupe/core";

/** The numbers of a silo, as they stand when they are read. */
export interface SiloNumbers {
  readonly activationsByType: Readonly<Record<string, number>>;
  readonly callsTotal: number;
  readonly callsPending: number;
  readonly callsRefused: number;
  readonly callsParked: number;
  readonly bytesWaiting: number;
}

interface SiloMetric extends ObservedInfo {
  read(numbers: SiloNumbers): number;
}

const METRICS: readonly SiloMetric[] = [
  {
    name: "troupe.calls",
    kind: "counter",
    unit: "{call}",
    description: "Calls to actors that this silo took.",
    read: ({ callsTotal }) => callsTotal,
  },
  {
    name: "troupe.calls.refused",
    kind: "counter",
    unit: "{call}",
    description: "Calls that were refused because too much waits.",
    read: ({ callsRefused }) => callsRefused,
  },
  {
    name: "troupe.calls.pending",
    kind: "gauge",
    unit: "{call}",
    description: "Calls that this silo's actors and callers wait for.",
    read: ({ callsPending }) => callsPending,
  },
  {
    name: "troupe.calls.parked",
    kind: "gauge",
    unit: "{call}",
    description: "Calls that wait for a change of the cluster, or for an activation to end.",
    read: ({ callsParked }) => callsParked,
  },
  {
    name: "troupe.calls.waiting.size",
    kind: "gauge",
    unit: "By",
    description: "Bytes of the calls that wait on this silo.",
    read: ({ bytesWaiting }) => bytesWaiting,
  },
];

const ACTIVATIONS: ObservedInfo = {
  name: "troupe.activations",
  kind: "gauge",
  unit: "{activation}",
  description: "Actors that are active on this silo, by type.",
};

/** Lets a silo's numbers be observed, until what it returns is called. */
export function observeSilo(
  metrics: Metrics,
  siloId: string,
  numbers: () => SiloNumbers,
): () => void {
  const labels = { silo: siloId };
  const ends = METRICS.map((metric) =>
    metrics.observe(metric, () => [{ value: metric.read(numbers()), labels }]),
  );
  const end = metrics.observe(ACTIVATIONS, () =>
    Object.entries(numbers().activationsByType).map(([type, value]) => ({
      value,
      labels: { ...labels, type },
    })),
  );
  return () => {
    for (const stop of [...ends, end]) stop();
  };
}
