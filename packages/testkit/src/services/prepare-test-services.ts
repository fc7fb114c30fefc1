import { ETCD } from "./etcd-service.ts";
import { REDIS } from "./redis-service.ts";
import { prepareServices } from "./start-service.ts";

/** Vitest calls it once before all tests (`globalSetup`): makes sure that the servers which tests start are on this machine. */
export default function prepareTestServices(): Promise<void> {
  return prepareServices([REDIS, ETCD]);
}
