export {
  type HealthOptions,
  type HealthServer,
  type ProbedSilo,
  serveHealth,
} from "./health-server.ts";
export { openTelemetry, type Telemetry, type TelemetryOptions } from "./open-telemetry.ts";
