import { silentLogger, systemClock, type Lease, type Member, type View } from "@troupe/core";
import { startEtcd, startTcpProxy, type TcpProxy, type TestService } from "@troupe/services";
import { realTime, seededRandom, waitUntil } from "@troupe/testkit";
import { Etcd3 } from "etcd3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { EtcdMembership } from "./etcd-membership.ts";
import { openEtcdMembership } from "./open-etcd-membership.ts";

const LONG_TTL_MS = 60_000;
const MARK = "/troupe/bank/silos.mark";

let etcd: TestService;
let raw: Etcd3;
let cleanups: (() => Promise<void>)[];

beforeEach(async () => {
  cleanups = [];
  etcd = await startEtcd({ faults: true });
  raw = new Etcd3({ hosts: etcd.url });
});
afterEach(async () => {
  raw.close();
  for (const cleanup of cleanups.toReversed()) await cleanup();
  await etcd.stop();
});

async function open(
  endpoints: string | readonly string[] = new URL(etcd.url).host,
  credentials: { readonly username?: string; readonly password?: string } = {},
): Promise<EtcdMembership> {
  const provider = await openEtcdMembership({
    endpoints: [endpoints].flat(),
    cluster: "bank",
    clock: systemClock,
    logger: silentLogger,
    ...credentials,
  });
  cleanups.push(() => provider.close());
  return provider;
}

async function openProxy(): Promise<TcpProxy> {
  const proxy = await startTcpProxy(Number(new URL(etcd.url).port));
  cleanups.push(() => proxy.close());
  return proxy;
}

function member(siloId: string, step = 0): Member {
  return {
    siloId,
    address: "127.0.0.1:7100",
    state: "active",
    types: {},
    version: "0.1.0",
    labels: { step: String(step) },
  };
}

interface WatchLog {
  readonly views: View[];
  readonly breaks: Error[];
}

async function follow(provider: EtcdMembership): Promise<WatchLog> {
  const log: WatchLog = { views: [], breaks: [] };
  await provider.watch({
    onView: (view) => log.views.push(view),
    onBroken: (error) => log.breaks.push(error),
  });
  return log;
}

const silosOf = (view: View | undefined): string =>
  (view?.members ?? []).map(({ siloId }) => siloId).join();

function until(what: string, condition: () => boolean): Promise<void> {
  return waitUntil(realTime, what, condition);
}

function untilSilos(log: WatchLog, silos: string): Promise<void> {
  return until(`the watch shows ${silos || "nobody"}`, () => silosOf(log.views.at(-1)) === silos);
}

function expectRising({ views }: WatchLog): void {
  const numbers = views.map(({ revision }) => revision);
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
}

describe("the number of a view", () => {
  it("is the same for everybody, whatever else is written to etcd and whatever changed last", async () => {
    const [one, other] = [await open(), await open()];
    const log = await follow(one);
    const lease = await one.register(member("a"), LONG_TTL_MS);
    await one.register(member("b"), 2_000);
    for (const act of [
      () => raw.put("/elsewhere").value("x"),
      () => one.update(lease, member("a", 1)),
      () => raw.put("/troupe/bank/later").value("x"),
      // A lease that runs out, and a record that somebody deletes by hand, change the members
      // without a mark.
      () => untilSilos(log, "a"),
      () => raw.put("/elsewhere").value("y"),
      () => raw.delete().key("/troupe/bank/silos/a"),
    ]) {
      await act();
      const listed = await other.list();
      await until(
        "the watch has the listed view",
        () => (log.views.at(-1)?.revision ?? 0) >= listed.revision,
      );
      expect(log.views.at(-1)).toEqual(listed);
      expect(await one.list()).toEqual(listed);
    }
    expect(silosOf(log.views.at(-1))).toBe("");
    expectRising(log);
  });

  it("is higher after members vanished while nobody watched", async () => {
    const one = await open();
    const lease = await one.register(member("a"), LONG_TTL_MS);
    const before = await one.list();
    await raw.delete().key("/troupe/bank/silos/a");
    const after = await one.list();
    expect(silosOf(after)).toBe("");
    expect(after.revision).toBeGreaterThan(before.revision);
    expect(await one.renew(lease)).toBe("gone");
  });

  it("survives a compaction of everything", async () => {
    const one = await open();
    await one.register(member("a"), LONG_TTL_MS);
    const { header } = await raw.put("/elsewhere").value("x");
    await raw.kv.compact({ revision: header.revision, physical: true });
    const listed = await one.list();
    expect(silosOf(listed)).toBe("a");
    expect(await (await open()).list()).toEqual(listed);
  });

  it("does not go back when etcd's data is a copy of another's, or when the mark is deleted", async () => {
    const one = await open();
    const log = await follow(one);
    await one.register(member("a"), LONG_TTL_MS);
    const before = await one.list();
    await raw.put(MARK).value(JSON.stringify({ base: 1, etcdCluster: "another" }));
    const copied = await (await open()).list();
    expect(copied.revision).toBeGreaterThan(before.revision);
    await raw.delete().key(MARK);
    const deleted = await one.list();
    expect(deleted.revision).toBeGreaterThan(copied.revision);
    await until(
      "the watch has the newest view",
      () => log.views.at(-1)?.revision === deleted.revision,
    );
    expect(log.views.at(-1)).toEqual(deleted);
  });

  it("leaves out a record that cannot be read", async () => {
    const one = await open();
    await one.register(member("a"), LONG_TTL_MS);
    await raw.put("/troupe/bank/silos/odd").value("{");
    expect(silosOf(await one.list())).toBe("a");
  });
});

describe("etcd that goes away", () => {
  it("breaks the watch and rejects calls while it hangs, and all goes on by itself after", async () => {
    const provider = await open();
    const lease = await provider.register(member("a"), LONG_TTL_MS);
    const log = await follow(provider);
    await etcd.pause();
    const failures = await Promise.allSettled([
      provider.renew(lease),
      provider.list(),
      provider.register(member("b"), 5_000),
    ]);
    for (const failure of failures) {
      expect(failure).toMatchObject({
        status: "rejected",
        reason: { code: "CLUSTER_UNAVAILABLE" },
      });
    }
    await until("the watch is broken", () => log.breaks.length === 1);
    await etcd.resume();
    await until("the watch is whole", () => log.views.length > 1);
    expect(await provider.renew(lease)).toBe("alive");
    await provider.register(member("c"), LONG_TTL_MS);
    await until("the watch shows the change", () => silosOf(log.views.at(-1)).includes("c"));
    expectRising(log);
  });

  it("has the same leases and numbers when it comes back with its data", async () => {
    const provider = await open();
    const lease = await provider.register(member("a"), LONG_TTL_MS);
    const log = await follow(provider);
    const before = log.views.at(-1);
    await etcd.kill();
    await until("the watch is broken", () => log.breaks.length === 1);
    await etcd.restart();
    await until("the watch is whole", () => log.views.length > 1);
    expect(log.views.at(-1)).toEqual(before);
    expect(await provider.renew(lease)).toBe("alive");
    await provider.remove(lease);
    await untilSilos(log, "");
    expect(log.breaks).toHaveLength(1);
  });

  it("shows an empty view with a higher number when it comes back wiped, and takes registrations", async () => {
    const provider = await open();
    const lease = await provider.register(member("a"), LONG_TTL_MS);
    for (let step = 1; step <= 20; step++) await provider.update(lease, member("a", step));
    const log = await follow(provider);
    await etcd.kill();
    await etcd.restart({ wipe: true });
    await untilSilos(log, "");
    expect(await provider.renew(lease)).toBe("gone");
    expect(await provider.update(lease, member("a"))).toBe("gone");
    await provider.register(member("b"), LONG_TTL_MS);
    await untilSilos(log, "b");
    expect(await (await open()).list()).toEqual(log.views.at(-1));
    expectRising(log);
  });

  it("takes a registration as the first thing after it was wiped", async () => {
    const provider = await open();
    await provider.register(member("a"), LONG_TTL_MS);
    const before = await provider.list();
    await etcd.kill();
    await etcd.restart({ wipe: true });
    const registered = async (): Promise<boolean> => {
      try {
        await provider.register(member("b"), LONG_TTL_MS);
        return true;
      } catch {
        return false;
      }
    };
    // The first call may still find the old connection.
    if (!(await registered())) await provider.register(member("b"), LONG_TTL_MS);
    const after = await provider.list();
    expect(silosOf(after)).toBe("b");
    expect(after.revision).toBeGreaterThan(before.revision);
  });
});

describe("a connection that fails", () => {
  it("loses no change when it drops twice in a row", async () => {
    const proxy = await openProxy();
    const log = await follow(await open(`127.0.0.1:${proxy.port}`));
    const direct = await open();
    const lease = await direct.register(member("a"), LONG_TTL_MS);
    const accepted = proxy.accepted();
    proxy.cut();
    await direct.update(lease, member("a", 1));
    await until("it has connected again", () => proxy.accepted() > accepted);
    proxy.cut();
    await direct.register(member("b"), LONG_TTL_MS);
    await untilSilos(log, "a,b");
    expect(log.views.at(-1)).toEqual(await direct.list());
    expectRising(log);
  });

  it("reads again when etcd compacted what it missed", async () => {
    const proxy = await openProxy();
    const log = await follow(await open(`127.0.0.1:${proxy.port}`));
    const direct = await open();
    proxy.shut();
    const lease = await direct.register(member("a"), LONG_TTL_MS);
    await direct.register(member("b"), LONG_TTL_MS);
    await direct.remove(lease);
    const { header } = await raw.put("/elsewhere").value("x");
    await raw.kv.compact({ revision: header.revision, physical: true });
    proxy.open();
    await untilSilos(log, "b");
    expect(log.views.at(-1)).toEqual(await direct.list());
    expectRising(log);
  });

  it("gives everybody one history through random changes, drops and foreign writes", async () => {
    const random = seededRandom(7);
    const proxies = [await openProxy(), await openProxy()];
    const providers = await Promise.all([
      ...proxies.map(({ port }) => open(`127.0.0.1:${port}`)),
      open(),
    ]);
    const logs = await Promise.all(providers.map((provider) => follow(provider)));
    const direct = await open();
    const pick = <T>(items: readonly T[]): T =>
      items[Math.floor(random.next() * items.length)] as T;
    const leases = new Map<string, Lease>();
    for (let step = 0; step < 150; step++) {
      const [siloId, chance] = [`silo-${step}`, random.next()];
      const [known, lease] = pick([...leases, ["", undefined] as const]);
      if (chance < 0.3) leases.set(siloId, await direct.register(member(siloId), LONG_TTL_MS));
      else if (chance < 0.5 && lease !== undefined) await direct.update(lease, member(known, step));
      else if (chance < 0.6 && lease !== undefined) await direct.remove(lease);
      else if (chance < 0.7 && known !== "") await direct.evict(known);
      else if (chance < 0.75) await raw.delete().key(`/troupe/bank/silos/${known}`);
      else if (chance < 0.85) await raw.put("/elsewhere").value("x");
      else if (chance < 0.95) pick(proxies).cut();
      else logs.push(await follow(direct));
    }
    const last = await direct.list();
    const byNumber = new Map<number, View>();
    for (const log of logs) {
      await until(
        "the watch has the last view",
        () => log.views.at(-1)?.revision === last.revision,
      );
      expectRising(log);
      for (const view of log.views) {
        expect(view).toEqual(byNumber.get(view.revision) ?? view);
        byNumber.set(view.revision, view);
      }
    }
    expect(byNumber.get(last.revision)).toEqual(last);
  });

  it("is found out when it swallows what etcd says without breaking", async () => {
    const proxy = await openProxy();
    const log = await follow(await open(`127.0.0.1:${proxy.port}`));
    const direct = await open();
    proxy.dropReplies();
    await direct.register(member("a"), LONG_TTL_MS);
    await untilSilos(log, "a");
    expect(log.views.at(-1)).toEqual(await direct.list());
  });

  it("leaves no record behind when the answer to a registration was lost", async () => {
    const proxy = await openProxy();
    const provider = await open(`127.0.0.1:${proxy.port}`);
    const direct = await open();
    proxy.dropReplies();
    const outcome = await provider.register(member("a"), 2_000).then(
      () => "registered",
      (error: { code: string }) => error.code,
    );
    const log = await follow(direct);
    if (outcome === "registered") await untilSilos(log, "a");
    else expect(outcome).toBe("CLUSTER_UNAVAILABLE");
    await untilSilos(log, "");
  });
});

describe("opening", () => {
  it("rejects with CLUSTER_UNAVAILABLE that names the endpoint where nothing listens, and what to check", async () => {
    const { host } = new URL(etcd.url);
    await etcd.kill();
    await expect(open()).rejects.toThrow(
      new RegExp(`CLUSTER_UNAVAILABLE.*${host} does not answer; check that it runs`),
    );
  });

  it("rejects with CLUSTER_UNAVAILABLE when what listens does not answer", async () => {
    await etcd.pause();
    await expect(open()).rejects.toThrow(/CLUSTER_UNAVAILABLE.*does not answer/);
  });

  it("works when only one of several endpoints does", async () => {
    const provider = await open(["127.0.0.1:1", "127.0.0.1:2", new URL(etcd.url).host]);
    const lease = await provider.register(member("a"), LONG_TTL_MS);
    expect(await provider.renew(lease)).toBe("alive");
    expect(silosOf(await provider.list())).toBe("a");
    const log = await follow(provider);
    await provider.remove(lease);
    await untilSilos(log, "");
  });

  it("says which endpoint is none", async () => {
    await expect(open("http://")).rejects.toThrow(
      /BAD_CONFIG.*http:\/\/ is no endpoint of etcd; write host:port/,
    );
  });

  it("refuses a wrong password as BAD_CONFIG, and takes the right one", async () => {
    await raw.user("root").create("right");
    await raw.role("root").create();
    await raw.user("root").addRole("root");
    await raw.auth.authEnable();
    await expect(open()).rejects.toThrow(/BAD_CONFIG.*check user name and password/);
    await expect(open(undefined, { username: "root", password: "hidden" })).rejects.toThrow(
      /BAD_CONFIG.*check user name and password/,
    );
    const provider = await open(undefined, { username: "root", password: "right" });
    const log = await follow(provider);
    await provider.register(member("a"), LONG_TTL_MS);
    await untilSilos(log, "a");
  });
});
