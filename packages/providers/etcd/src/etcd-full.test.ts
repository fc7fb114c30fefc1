import { silentLogger, systemClock, type Member, type View } from "@troupe/core";
import { startEtcd, type TestService } from "@troupe/services";
import { realTime, waitUntil } from "@troupe/testkit";
import { Etcd3 } from "etcd3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { EtcdMembership } from "./etcd-membership.ts";
import { openEtcdMembership } from "./open-etcd-membership.ts";

const QUOTA_BYTES = 4 * 1024 * 1024;
const CHUNK = Buffer.alloc(256 * 1024, "x");

/** etcd's smallest lease, so that a test need not wait long for its end. */
const SHORT_TTL_MS = 2_000;
const LONG_TTL_MS = 60_000;

let etcd: TestService;
let raw: Etcd3;
let opened: EtcdMembership[];

beforeEach(async () => {
  opened = [];
  etcd = await startEtcd({ args: [`--quota-backend-bytes=${QUOTA_BYTES}`] });
  raw = new Etcd3({ hosts: etcd.url });
});
afterEach(async () => {
  raw.close();
  for (const provider of opened) await provider.close();
  await etcd.stop();
});

async function open(): Promise<EtcdMembership> {
  const provider = await openEtcdMembership({
    endpoints: [new URL(etcd.url).host],
    cluster: "bank",
    clock: systemClock,
    logger: silentLogger,
  });
  opened.push(provider);
  return provider;
}

function member(siloId: string): Member {
  return {
    siloId,
    address: "127.0.0.1:7100",
    state: "active",
    types: {},
    version: "0.1.0",
    labels: {},
  };
}

/** Writes until etcd raises its alarm: from then on it takes nothing but deletions. */
async function fill(): Promise<void> {
  for (let chunk = 0; ; chunk++) {
    try {
      await raw.put(`/filling/${chunk}`).value(CHUNK);
    } catch (error) {
      expect(String(error)).toContain("database space exceeded");
      return;
    }
  }
}

async function makeRoom(): Promise<void> {
  // The client that was refused waits for a while before it asks again.
  const fresh = new Etcd3({ hosts: etcd.url });
  try {
    const { header } = await fresh.delete().prefix("/filling/");
    await fresh.kv.compact({ revision: header.revision, physical: true });
    await fresh.maintenance.defragment();
    const { alarms } = await fresh.maintenance.alarm({ action: "Get" });
    for (const { memberID, alarm } of alarms)
      await fresh.maintenance.alarm({ action: "Deactivate", memberID, alarm });
  } finally {
    fresh.close();
  }
}

const silosOf = (view: View | undefined): string =>
  (view?.members ?? []).map(({ siloId }) => siloId).join();

async function follow(provider: EtcdMembership): Promise<View[]> {
  const views: View[] = [];
  await provider.watch({ onView: (view) => views.push(view), onBroken: () => undefined });
  return views;
}

describe("etcd that has no space left", () => {
  it("still tells everybody of members that go, with one number each", async () => {
    const [one, other] = [await open(), await open()];
    const [seen, seenByOther] = [await follow(one), await follow(other)];
    const lease = await one.register(member("a"), LONG_TTL_MS);
    await one.register(member("b"), SHORT_TTL_MS);
    await one.register(member("c"), LONG_TTL_MS);
    await fill();
    for (const step of [
      { act: async () => undefined, left: "a,c" },
      { act: () => other.evict("c"), left: "a" },
      { act: () => one.remove(lease), left: "" },
    ]) {
      expect(await one.renew(lease)).toBe("alive");
      await step.act();
      for (const views of [seen, seenByOther]) {
        await waitUntil(
          realTime,
          `the watch shows ${step.left || "nobody"}`,
          () => silosOf(views.at(-1)) === step.left,
        );
      }
      const listed = await other.list();
      expect(seen.at(-1)).toEqual(listed);
      expect(seenByOther.at(-1)).toEqual(listed);
      expect(await (await open()).list()).toEqual(listed);
    }
    const numbers = seen.map(({ revision }) => revision);
    expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
  });

  it("says what it lacks and what helps to whoever registers, and takes them when it has room", async () => {
    const provider = await open();
    const lease = await provider.register(member("a"), LONG_TTL_MS);
    await fill();
    for (const refused of [
      () => provider.register(member("b"), LONG_TTL_MS),
      () => provider.update(lease, { ...member("a"), state: "draining" }),
    ]) {
      const failure = refused().catch((error: unknown) => error);
      expect(await failure).toMatchObject({ code: "CLUSTER_UNAVAILABLE" });
      expect(String(await failure)).toMatch(
        /NOSPACE.*etcdctl compact.*etcdctl defrag.*etcdctl alarm disarm/,
      );
    }
    await makeRoom();
    await provider.register(member("b"), LONG_TTL_MS);
    expect(silosOf(await provider.list())).toBe("a,b");
  });
});
