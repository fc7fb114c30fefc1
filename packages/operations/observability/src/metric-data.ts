import type { HrTime } from "@opentelemetry/api";
import type { MetricData } from "@opentelemetry/sdk-metrics";
import type { MetricInfo, MetricLabels } from "@troupe/core";
import type { CollectedMetric } from "./collected-metrics.ts";
import type { OtelModules } from "./otel-modules.ts";

/** From when on the numbers count, and when they were read, in milliseconds since the epoch. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

/** Numbers in the form in which OpenTelemetry exports them. */
export function metricDataOf(
  metric: CollectedMetric,
  { from, to }: Period,
  { api, sdk }: Pick<OtelModules, "api" | "sdk">,
): MetricData {
  const { name, description, unit } = metric.info;
  const times = { startTime: hrTime(from), endTime: hrTime(to) };
  const base = {
    descriptor: { name, description, unit, valueType: api.ValueType.DOUBLE },
    aggregationTemporality: sdk.AggregationTemporality.CUMULATIVE,
  };
  if (metric.kind === "histogram") {
    const boundaries = [...metric.info.bounds];
    return {
      ...base,
      dataPointType: sdk.DataPointType.HISTOGRAM,
      dataPoints: metric.points.map(({ counts, sum, labels }) => ({
        ...times,
        attributes: attributesOf(labels),
        value: { buckets: { boundaries, counts: [...counts] }, sum, count: total(counts) },
      })),
    };
  }
  const dataPoints = metric.points.map(({ value, labels }) => {
    return { ...times, attributes: attributesOf(labels), value };
  });
  return metric.kind === "counter"
    ? { ...base, dataPointType: sdk.DataPointType.SUM, isMonotonic: true, dataPoints }
    : { ...base, dataPointType: sdk.DataPointType.GAUGE, dataPoints };
}

/**
 * With the unit in the name, as Prometheus has it: its own server does the same with what comes by
 * OTLP, so both ways give one name.
 */
export function namedForPrometheus<T extends MetricInfo>(info: T): T {
  const suffix = UNIT_SUFFIX[info.unit];
  return suffix === undefined ? info : { ...info, name: `${info.name}.${suffix}` };
}

const UNIT_SUFFIX: Readonly<Record<string, string>> = {
  s: "seconds",
  ms: "milliseconds",
  By: "bytes",
};

function attributesOf(labels: MetricLabels = {}): Record<string, string> {
  return { ...labels };
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

function hrTime(ms: number): HrTime {
  const seconds = Math.trunc(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1_000_000)];
}
