import type { Resource } from "@opentelemetry/resources";
import type { CollectionResult, MeterProvider } from "@opentelemetry/sdk-metrics";
import {
  type Duration,
  DURATION_FORMS,
  type Logger,
  messageOf,
  type Metrics,
  parseDuration,
  shownValue,
  silentLogger,
  systemClock,
  TroupeError,
} from "@troupe/core";
import { CollectedMetrics } from "./collected-metrics.ts";
import { metricDataOf, namedForPrometheus } from "./metric-data.ts";
import { loadOtel, loadOtlp, type OtelModules } from "./otel-modules.ts";

/** How often numbers go to the collector, if nobody says. */
const DEFAULT_INTERVAL_MS = 15_000;

/** What a collector gets no answer for within this time is not sent. */
const EXPORT_TIMEOUT_MS = 10_000;

const SCOPE = { name: "troupe" };

/** The options of `openTelemetry`. */
export interface TelemetryOptions {
  /**
   * The URL of a collector that takes metrics by OTLP over HTTP, such as
   * `"http://127.0.0.1:4318/v1/metrics"`; or `true`: the one that the `OTEL_EXPORTER_OTLP_*`
   * variables name. Default: none, and numbers can only be read by `prometheusPage`.
   */
  readonly otlp?: string | boolean;
  /** How often numbers are sent, from `"1s"`. Default: `"15s"`. */
  readonly interval?: Duration;
  /** What the process is known by. Default: `{ "service.name": "troupe" }`. */
  readonly resource?: Readonly<Record<string, string>>;
  /** Where it is told that numbers could not be read or sent. Default: nowhere. */
  readonly logger?: Logger;
}

/** The numbers of this process, and the ways out of it. */
export interface Telemetry extends AsyncDisposable {
  /** For `startSilo({ metrics })`. Several silos of a process may share them. */
  readonly metrics: Metrics;
  /** All numbers as they stand, in the text format of Prometheus. */
  prometheusPage(): string;
  /** Sends the numbers now, if there is a collector. */
  flush(): Promise<void>;
}

/**
 * Keeps the numbers of this process for Prometheus and OpenTelemetry.
 *
 * They are plain fields until somebody looks, so a call costs no more than two look-ups for them.
 * It needs the packages of OpenTelemetry, and rejects with `BAD_CONFIG` if they are not installed.
 *
 * @example
 * ```ts
 * await using telemetry = await openTelemetry({ otlp: "http://127.0.0.1:4318/v1/metrics" });
 * await using silo = await startSilo({ actors: [Account], metrics: telemetry.metrics });
 * ```
 */
export async function openTelemetry(options: TelemetryOptions = {}): Promise<Telemetry> {
  const intervalMs = intervalOf(options.interval);
  const url = collectorOf(options.otlp);
  const modules = await loadOtel();
  const telemetry = new ProcessTelemetry(modules, options);
  if (url !== undefined) await telemetry.exportTo(url, intervalMs);
  return telemetry;
}

function intervalOf(given: Duration | undefined): number {
  const intervalMs = given === undefined ? DEFAULT_INTERVAL_MS : parseDuration(given);
  if (intervalMs !== undefined && intervalMs >= 1_000) return intervalMs;
  const message = `interval (openTelemetry): ${shownValue(given)}; give at least "1s", as ${DURATION_FORMS}`;
  throw new TroupeError("BAD_CONFIG", message);
}

/** Undefined: none. The empty text: as the variables say. */
function collectorOf(otlp: string | boolean | undefined): string | undefined {
  if (otlp === undefined || otlp === false) return undefined;
  if (otlp === true) return "";
  const url = URL.canParse(otlp) ? new URL(otlp) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return otlp;
  const message = `otlp (openTelemetry): ${shownValue(otlp)}; give a URL such as "http://127.0.0.1:4318/v1/metrics", or true`;
  throw new TroupeError("BAD_CONFIG", message);
}

class ProcessTelemetry implements Telemetry {
  readonly metrics = new CollectedMetrics();
  readonly #modules: OtelModules;
  readonly #resource: Resource;
  readonly #logger: Logger;
  readonly #startedAt = systemClock.now();
  readonly #serializer: { serialize(data: CollectionResult["resourceMetrics"]): string };
  #provider: MeterProvider | undefined;

  constructor(modules: OtelModules, { resource, logger }: TelemetryOptions) {
    this.#modules = modules;
    this.#logger = logger ?? silentLogger;
    const attributes = { "service.name": "troupe", ...resource };
    this.#resource = modules.resources.resourceFromAttributes(attributes);
    this.#serializer = new modules.prometheus.PrometheusSerializer();
  }

  prometheusPage(): string {
    return this.#serializer.serialize(this.#collect(namedForPrometheus).resourceMetrics);
  }

  async exportTo(url: string, intervalMs: number): Promise<void> {
    const { sdk } = this.#modules;
    const { OTLPMetricExporter } = await loadOtlp();
    const reader = new sdk.PeriodicExportingMetricReader({
      exporter: new OTLPMetricExporter(url === "" ? {} : { url }),
      exportIntervalMillis: intervalMs,
      exportTimeoutMillis: Math.min(intervalMs, EXPORT_TIMEOUT_MS),
      metricProducers: [{ collect: async () => this.#collect((info) => info) }],
    });
    this.#provider = new sdk.MeterProvider({ resource: this.#resource, readers: [reader] });
  }

  async flush(): Promise<void> {
    await this.#provider?.forceFlush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const provider = this.#provider;
    this.#provider = undefined;
    try {
      await provider?.shutdown();
    } catch (error) {
      this.#tell(error);
    }
  }

  #collect(named: typeof namedForPrometheus): CollectionResult {
    const errors: unknown[] = [];
    const collected = this.metrics.collect((error) => errors.push(error));
    const period = { from: this.#startedAt, to: systemClock.now() };
    const metrics = collected.map((metric) => {
      const renamed = { ...metric, info: named(metric.info) } as typeof metric;
      return metricDataOf(renamed, period, this.#modules);
    });
    for (const error of errors) this.#tell(error);
    const scopeMetrics = [{ scope: SCOPE, metrics }];
    return { resourceMetrics: { resource: this.#resource, scopeMetrics }, errors };
  }

  #tell(error: unknown): void {
    const fields = { event: "metrics_failed", reason: messageOf(error) };
    this.#logger.warn(fields, "numbers could not be read or sent");
  }
}
