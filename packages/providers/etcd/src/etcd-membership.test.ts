import { silentLogger, systemClock } from "@troupe/core";
import { membershipSuite } from "@troupe/conformance";
import { startEtcd, type TestService } from "@troupe/services";
import { realTime } from "@troupe/testkit";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll } from "vitest";
import type { EtcdMembership } from "./etcd-membership.ts";
import { openEtcdMembership } from "./open-etcd-membership.ts";

let etcd: TestService;

beforeAll(async () => {
  etcd = await startEtcd();
});
afterAll(() => etcd.stop());

membershipSuite({
  name: "etcd",
  open: async () => {
    // All tests share one etcd, so each has a cluster of its own, and each sees the others' keys
    // change.
    const cluster = `test/${randomUUID()}`;
    const opened: EtcdMembership[] = [];
    return {
      // etcd's smallest lease.
      ttlMs: 2_000,
      time: realTime,
      async openProvider() {
        const provider = await openEtcdMembership({
          endpoints: [new URL(etcd.url).host],
          cluster,
          clock: systemClock,
          logger: silentLogger,
        });
        opened.push(provider);
        return provider;
      },
      async dispose() {
        for (const provider of opened) await provider.close();
      },
    };
  },
});
