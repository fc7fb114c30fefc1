import type * as api from "@opentelemetry/api";
import type * as otlp from "@opentelemetry/exporter-metrics-otlp-proto";
import type * as prometheus from "@opentelemetry/exporter-prometheus";
import type * as resources from "@opentelemetry/resources";
import type * as sdk from "@opentelemetry/sdk-metrics";
import { TroupeError } from "@troupe/core";

/** The packages of OpenTelemetry that metrics need. */
export interface OtelModules {
  readonly api: typeof api;
  readonly sdk: typeof sdk;
  readonly resources: typeof resources;
  readonly prometheus: typeof prometheus;
}

const PACKAGES = [
  "@opentelemetry/api",
  "@opentelemetry/sdk-metrics",
  "@opentelemetry/resources",
  "@opentelemetry/exporter-prometheus",
  "@opentelemetry/exporter-metrics-otlp-proto",
];

/**
 * Loads them when metrics are asked for, so that nobody else needs them. Rejects with `BAD_CONFIG`,
 * saying what to install.
 */
export function loadOtel(): Promise<OtelModules> {
  return installed(async () => ({
    api: await import("@opentelemetry/api"),
    sdk: await import("@opentelemetry/sdk-metrics"),
    resources: await import("@opentelemetry/resources"),
    prometheus: await import("@opentelemetry/exporter-prometheus"),
  }));
}

/** The same for what sends them to a collector. */
export function loadOtlp(): Promise<typeof otlp> {
  return installed(() => import("@opentelemetry/exporter-metrics-otlp-proto"));
}

async function installed<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const message = `metrics: a package of OpenTelemetry is not installed; run npm install ${PACKAGES.join(" ")}`;
    throw new TroupeError("BAD_CONFIG", message, { cause: error });
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
}
