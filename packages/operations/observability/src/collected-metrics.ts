import type {
  Counter,
  Distribution,
  Histogram,
  HistogramInfo,
  MetricInfo,
  MetricLabels,
  Metrics,
  Observation,
  ObservedInfo,
} from "@troupe/core";

/** Series of one instrument: beyond them, values go to one series that says so. */
const SERIES_MAX = 2_000;

const OVERFLOW: MetricLabels = { overflow: "true" };

/** Bounds of a histogram that nobody gave bounds: finer for small values than for large ones. */
const DEFAULT_BOUNDS: readonly number[] = [
  0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 50, 100, 500, 1_000, 5_000, 10_000,
];

/** One instrument, as it stood when it was read. */
export type CollectedMetric =
  | {
      readonly kind: "counter" | "gauge";
      readonly info: MetricInfo;
      readonly points: readonly Observation[];
    }
  | {
      readonly kind: "histogram";
      readonly info: HistogramInfo;
      readonly points: readonly Distribution[];
    };

interface Instrument {
  readonly kind: CollectedMetric["kind"];
  readonly info: MetricInfo;
  /** Those that give its numbers: one for each silo of the process, and what was counted here. */
  readonly sources: Set<() => Iterable<Observation | Distribution>>;
}

/**
 * The numbers of one process, which are read when somebody looks.
 *
 * An instrument that is made twice is one. Each has 2,000 series at most: what is counted beyond
 * them goes to a series with the label `overflow`, and what is observed beyond them is left out.
 */
export class CollectedMetrics implements Metrics {
  readonly #instruments = new Map<string, Instrument>();

  counter(info: MetricInfo): Counter {
    const series = new Map<string, { value: number; readonly labels: MetricLabels }>();
    this.#add("counter", info, () => series.values());
    return {
      add(amount, labels = {}) {
        const point = seriesOf(series, labels, (kept) => ({ value: 0, labels: kept }));
        point.value += amount;
      },
    };
  }

  histogram(info: MetricInfo): Histogram {
    const bounds = DEFAULT_BOUNDS;
    const series = new Map<string, { sum: number; counts: number[]; labels: MetricLabels }>();
    this.#add("histogram", { ...info, bounds } as HistogramInfo, () => series.values());
    return {
      record(value, labels = {}) {
        const point = seriesOf(series, labels, (kept) => {
          return { sum: 0, counts: [...bounds, 0].fill(0), labels: kept };
        });
        const found = bounds.findIndex((bound) => value <= bound);
        const bucket = found === -1 ? bounds.length : found;
        point.sum += value;
        point.counts[bucket] = (point.counts[bucket] ?? 0) + 1;
      },
    };
  }

  observe(info: ObservedInfo, read: () => Iterable<Observation>): () => void {
    return this.#add(info.kind, info, read);
  }

  observeHistogram(info: HistogramInfo, read: () => Iterable<Distribution>): () => void {
    return this.#add("histogram", info, read);
  }

  /** Everything as it stands now, by name. What cannot be read is left out, and `onError` told. */
  collect(onError: (error: unknown) => void): CollectedMetric[] {
    return [...this.#instruments.values()].map(({ kind, info, sources }) => {
      const points = [...sources].flatMap((read) => {
        try {
          return [...read()];
        } catch (error) {
          onError(error);
          return [];
        }
      });
      return { kind, info, points: points.slice(0, SERIES_MAX + 1) } as CollectedMetric;
    });
  }

  #add(
    kind: Instrument["kind"],
    info: MetricInfo,
    read: () => Iterable<Observation | Distribution>,
  ): () => void {
    const instrument = this.#instruments.get(info.name) ?? { kind, info, sources: new Set() };
    this.#instruments.set(info.name, instrument);
    instrument.sources.add(read);
    return () => {
      instrument.sources.delete(read);
      if (instrument.sources.size === 0) this.#instruments.delete(info.name);
    };
  }
}

function seriesOf<T>(
  series: Map<string, T>,
  labels: MetricLabels,
  begin: (labels: MetricLabels) => T,
): T {
  const key = keyOf(labels);
  const known = series.get(key);
  if (known !== undefined) return known;
  if (series.size >= SERIES_MAX && labels !== OVERFLOW) return seriesOf(series, OVERFLOW, begin);
  const begun = begin({ ...labels });
  series.set(key, begun);
  return begun;
}

function keyOf(labels: MetricLabels): string {
  return JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
