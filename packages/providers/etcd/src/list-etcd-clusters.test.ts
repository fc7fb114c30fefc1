import { silentLogger, systemClock } from "@troupe/core";
import { startEtcd, type TestService } from "@troupe/services";
import { afterAll, beforeAll, expect, it } from "vitest";
import { listEtcdClusters } from "./list-etcd-clusters.ts";
import { openEtcdMembership } from "./open-etcd-membership.ts";

let etcd: TestService;

beforeAll(async () => {
  etcd = await startEtcd();
});
afterAll(() => etcd.stop());

it("lists the clusters that a silo was in, and not those that a client asked for only", async () => {
  const endpoints = [new URL(etcd.url).host];
  const options = { endpoints, clock: systemClock, logger: silentLogger };
  const open = (cluster: string) => openEtcdMembership({ ...options, cluster });
  const [bank, shop, slip] = await Promise.all([open("bank"), open("größe/1"), open("bnak")]);
  expect(await listEtcdClusters(options)).toEqual([]);
  await Promise.all([bank.identity("one"), shop.identity("two"), slip.list()]);
  expect(await listEtcdClusters(options)).toEqual(["bank", "größe/1"]);
  await Promise.all([bank.close(), shop.close(), slip.close()]);
});

it("rejects within seconds if etcd is away", async () => {
  await expect(
    listEtcdClusters({ endpoints: ["127.0.0.1:1"], clock: systemClock }),
  ).rejects.toMatchObject({ code: "CLUSTER_UNAVAILABLE" });
});
