import { seededRandom, VirtualClock } from "@troupe/testkit";
import { expect, it } from "vitest";
import { SimMembership } from "./sim-membership.ts";
import { SimProcess } from "./sim-process.ts";
import { SimRegistry } from "./sim-registry.ts";
import { SimService } from "./sim-service.ts";
import { Trace } from "./trace.ts";

const TTL_MS = 1_000;

function start() {
  const clock = new VirtualClock();
  const [random, trace] = [seededRandom(1), new Trace(clock)];
  const registry = new SimRegistry(clock);
  const service = new SimService(
    clock,
    { random, trace },
    { name: "registry", kind: "member", errorCode: "CLUSTER_UNAVAILABLE", delayMs: 1 },
  );
  const process = new SimProcess(
    { name: "one", world: clock, random },
    { monotonicMs: 0, wallMs: 0, rate: 1 },
  );
  const parts = { clock, service, registry, trace, random, viewLagMs: 0 };
  return { clock, registry, service, membership: new SimMembership(process, parts) };
}

const member = (siloId: string) =>
  ({ siloId, address: siloId, state: "active", types: {}, version: "0.1.0", labels: {} }) as const;

it("when full, takes nothing more, and goes on with what it has", async () => {
  const { clock, service, membership } = start();
  const lease = await clock.run(membership.register(member("a"), TTL_MS), TTL_MS);
  service.faults.add({ process: undefined, kind: "full" });
  const refused = membership.register(member("b"), TTL_MS).catch((error: unknown) => error);
  expect(await clock.run(refused, TTL_MS)).toMatchObject({
    code: "CLUSTER_UNAVAILABLE",
    ran: "no",
  });
  expect(await clock.run(membership.renew(lease), TTL_MS)).toBe("alive");
  expect(await clock.run(membership.evict("a"), TTL_MS)).toBe("evicted");
  expect((await clock.run(membership.list(), TTL_MS)).members).toEqual([]);
});

it("when wiped, has nothing and counts from 0, until somebody reads it", async () => {
  const { clock, registry, membership } = start();
  const lease = await clock.run(membership.register(member("a"), TTL_MS), TTL_MS);
  const identity = registry.identity("first");
  const before = registry.view.revision;
  registry.wipe();
  expect(registry.view).toEqual({ revision: 0, members: [] });
  expect(registry.identity("second")).not.toBe(identity);
  const { revision, members } = await clock.run(membership.list(), TTL_MS);
  expect(members).toEqual([]);
  expect(revision).toBeGreaterThan(before);
  expect(await clock.run(membership.renew(lease), TTL_MS)).toBe("gone");
});

it("raises its numbers again for a reader that has seen higher ones", () => {
  const { registry } = start();
  const seen = registry.view.revision + 1_000_000;
  registry.wipe();
  expect(registry.read({ now: 10, seen: 0 }).revision).toBeLessThan(seen);
  expect(registry.read({ now: 10, seen }).revision).toBeGreaterThan(seen);
});
