import { type Logger, silentLogger } from "@troupe/core";
import { MemoryMembership, MemoryRegistry, MemoryStates, MemoryStateStore } from "@troupe/memory";
import { seededRandom, VirtualClock } from "@troupe/testkit";
import { describe, expect, it } from "vitest";
import { StorageOwner } from "./storage-owner.ts";

const clock = new VirtualClock();
const random = seededRandom(3);

function owner(
  registry: MemoryRegistry,
  states: MemoryStates,
  { adopts = false, logger = silentLogger }: { adopts?: boolean; logger?: Logger } = {},
): { owner: StorageOwner; store: MemoryStateStore } {
  const store = new MemoryStateStore(states);
  const membership = new MemoryMembership(registry);
  return {
    store,
    owner: new StorageOwner({
      cluster: "bank",
      clock,
      random,
      logger,
      membership,
      stateStore: store,
      adopts,
    }),
  };
}

describe("the owner of a storage", () => {
  it("is the first membership that uses it, for every silo of that", async () => {
    const [registry, states] = [new MemoryRegistry(clock), new MemoryStates()];
    await owner(registry, states).owner.check();
    await owner(registry, states).owner.check();
    expect(states.identify("another", "keep")).toBe(registry.identity("another"));
  });

  it("is not another membership: that is refused, with both ids and the way to go on", async () => {
    const [registry, other] = [new MemoryRegistry(clock), new MemoryRegistry(clock)];
    const states = new MemoryStates();
    await owner(registry, states).owner.check();
    const refused = owner(other, states).owner.check();
    await expect(refused).rejects.toMatchObject({ code: "BAD_CONFIG" });
    await expect(refused).rejects.toThrow(registry.identity(""));
    await expect(refused).rejects.toThrow(other.identity(""));
    await expect(refused).rejects.toThrow("--adopt-storage");
  });

  it("is another membership that takes it over, with numbers of views above the wall clock", async () => {
    const [registry, states] = [new MemoryRegistry(clock), new MemoryStates()];
    await owner(registry, states).owner.check();
    const other = new MemoryRegistry(clock);
    await clock.advance(60_000);
    const before = clock.now();
    await owner(other, states, { adopts: true }).owner.check();
    expect(other.view.revision).toBeGreaterThanOrEqual(before);
    await owner(other, states).owner.check();
    await expect(owner(registry, states).owner.check()).rejects.toThrow("BAD_CONFIG");
  });

  it("is the membership that was made anew while a silo of the lost one runs", async () => {
    const registries = [new MemoryRegistry(clock), new MemoryRegistry(clock)] as const;
    const states = new MemoryStates();
    let current = registries[0];
    const membership = {
      identity: async (id: string) => current.identity(id),
      raise: async (revision: number) => current.raise(revision),
    };
    const running = new StorageOwner({
      cluster: "bank",
      clock,
      random,
      logger: silentLogger,
      membership: Object.assign(new MemoryMembership(registries[0]), membership),
      stateStore: new MemoryStateStore(states),
      adopts: false,
    });
    await running.check();
    [, current] = registries;
    await expect(owner(current, states).owner.check()).rejects.toThrow("BAD_CONFIG");
    await running.check();
    await owner(current, states).owner.check();
  });

  it("keeps nobody from joining while the storage is away", async () => {
    const events: unknown[] = [];
    const logger: Logger = {
      ...silentLogger,
      warn: (facts) => events.push(facts),
    };
    const { owner: one, store } = owner(new MemoryRegistry(clock), new MemoryStates(), { logger });
    await store.close();
    await one.check();
    expect(events).toMatchObject([{ event: "storage_unchecked" }]);
  });
});
