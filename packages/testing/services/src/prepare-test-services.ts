import { prepareChromium } from "./chromium-path.ts";
import { ETCD } from "./etcd-service.ts";
import { prepareFaultTools } from "./fault-tools.ts";
import { POSTGRES } from "./postgres-service.ts";
import { REDIS } from "./redis-service.ts";
import { prepareServices } from "./start-service.ts";

/**
 * Vitest calls it once before all tests (`globalSetup`): makes sure that the servers which tests
 * start, the tools for faults, and a browser are on this machine.
 */
export default async function prepareTestServices(): Promise<void> {
  await prepareServices([REDIS, ETCD, POSTGRES]);
  await prepareFaultTools();
  await prepareChromium();
}
