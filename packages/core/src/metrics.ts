/** What tells one series of an instrument from another, such as the actor type. */
export type MetricLabels = Readonly<Record<string, string>>;

/** The name of a series of numbers and what they mean. */
export interface MetricInfo {
  /** In lower case with dots, such as `troupe.calls.pending`. */
  readonly name: string;
  readonly description: string;
  /** Such as `By`, `ms` or `{call}`. */
  readonly unit: string;
}

/** A number that only grows. */
export interface Counter {
  add(amount: number, labels?: MetricLabels): void;
}

/** How often which value was seen. */
export interface Histogram {
  record(value: number, labels?: MetricLabels): void;
}

/** One number of an observed instrument. */
export interface Observation {
  readonly value: number;
  readonly labels?: MetricLabels;
}

/** What is read when somebody looks: `counter` only grows, `gauge` goes up and down. */
export interface ObservedInfo extends MetricInfo {
  readonly kind: "counter" | "gauge";
}

/** A histogram that is kept in plain fields and read when somebody looks. */
export interface HistogramInfo extends MetricInfo {
  /** The upper bounds of its buckets, rising; a value counts in the first that is not below it. */
  readonly bounds: readonly number[];
}

/** One series of an observed histogram. */
export interface Distribution {
  /** How many values fell into each bucket; one more than there are bounds, for what is above. */
  readonly counts: readonly number[];
  /** Of all values. */
  readonly sum: number;
  readonly labels?: MetricLabels;
}

/**
 * Where a process tells its numbers. An adapter for OpenTelemetry or Prometheus implements it.
 *
 * Hot paths count in plain fields, and those are observed: they cost nothing while nobody looks.
 */
export interface Metrics {
  counter(info: MetricInfo): Counter;
  histogram(info: MetricInfo): Histogram;
  /**
   * `read` is called whenever somebody looks, and gives one number for each set of labels. It may
   * not throw, or wait. Call what `observe` returns when the number is no more.
   */
  observe(info: ObservedInfo, read: () => Iterable<Observation>): () => void;
  /** As `observe`, for a histogram whose values were counted before. */
  observeHistogram(info: HistogramInfo, read: () => Iterable<Distribution>): () => void;
}

const SILENT_COUNTER: Counter = { add() {} };
const SILENT_HISTOGRAM: Histogram = { record() {} };

/** Metrics that keep nothing. */
export const silentMetrics: Metrics = {
  counter: () => SILENT_COUNTER,
  histogram: () => SILENT_HISTOGRAM,
  observe: () => () => undefined,
  observeHistogram: () => () => undefined,
};
