import type { HistogramInfo, Metrics, ObservedInfo } from "@troupe/core";
import { type MethodTurns, TURN_SECONDS } from "../activation/turn-meter.ts";

/** What a silo has and does, as it stands when it is read. */
export interface SiloCounts {
  readonly activations: number;
  readonly activationsByType: Readonly<Record<string, number>>;
  readonly callsTotal: number;
  readonly callsPending: number;
}

/** What is observed of a silo besides its turns. */
export interface SiloNumbers extends SiloCounts {
  readonly callsRefused: number;
  readonly callsParked: number;
  readonly bytesWaiting: number;
  /** Of the view that it has adopted. */
  readonly revision: number;
  /** Silos in that view. */
  readonly members: number;
  readonly leaseMarginMs: number;
}

/** A silo, as what observes it sees it. */
export interface ObservedSilo {
  numbers(): SiloNumbers;
  turns(): Iterable<MethodTurns>;
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
  {
    name: "troupe.view.revision",
    kind: "gauge",
    unit: "{revision}",
    description: "The view of the cluster that this silo has adopted; all silos should have one.",
    read: ({ revision }) => revision,
  },
  {
    name: "troupe.view.members",
    kind: "gauge",
    unit: "{silo}",
    description: "Silos in the view that this silo has adopted.",
    read: ({ members }) => members,
  },
  {
    name: "troupe.lease.margin",
    kind: "gauge",
    unit: "s",
    description:
      "For how long this silo may serve if its lease is not renewed; at 0 it stands still.",
    read: ({ leaseMarginMs }) => leaseMarginMs / 1_000,
  },
];

const ACTIVATIONS: ObservedInfo = {
  name: "troupe.activations",
  kind: "gauge",
  unit: "{activation}",
  description: "Actors that are active on this silo, by type.",
};

const TURNS: ObservedInfo = {
  name: "troupe.turns",
  kind: "counter",
  unit: "{turn}",
  description: "Turns that have ended, by type, method and outcome: value or error.",
};

const TURN_DURATION: HistogramInfo = {
  name: "troupe.turn.duration",
  unit: "s",
  bounds: TURN_SECONDS,
  description:
    "How long turns took from their start until their outcome was stored and could leave.",
};

/** Lets a silo's numbers be observed, until what it returns is called. */
export function observeSilo(metrics: Metrics, siloId: string, silo: ObservedSilo): () => void {
  const labels = { silo: siloId };
  const ends = [
    ...METRICS.map((metric) =>
      metrics.observe(metric, () => [{ value: metric.read(silo.numbers()), labels }]),
    ),
    metrics.observe(ACTIVATIONS, () =>
      Object.entries(silo.numbers().activationsByType).map(([type, value]) => ({
        value,
        labels: { ...labels, type },
      })),
    ),
    metrics.observe(TURNS, () =>
      [...silo.turns()].flatMap(({ type, method, succeeded, failed }) => [
        { value: succeeded, labels: { ...labels, type, method, outcome: "value" } },
        { value: failed, labels: { ...labels, type, method, outcome: "error" } },
      ]),
    ),
    metrics.observeHistogram(TURN_DURATION, () =>
      [...silo.turns()].map(({ type, method, counts, sum }) => ({
        counts,
        sum,
        labels: { ...labels, type, method },
      })),
    ),
  ];
  return () => {
    for (const end of ends) end();
  };
}
