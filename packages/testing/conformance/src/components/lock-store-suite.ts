import type { HeldLock, LockStore } from "@troupe/core";
import { expect } from "vitest";
import { describeCases, type StoreCaseGroups, type StoreCases } from "../store-cases.ts";
import type { StoreSubject, SuiteOptions } from "../suite-subject.ts";
import type { TimedTrial } from "./timed-trial.ts";

/** A lock store that a suite tries. */
export type LockTrial = TimedTrial<LockStore>;

/** Milliseconds: short, but longer than what stands between two steps of a case. */
const TTL_MS = 1_000;

/** Longer than a lock of that time is held. */
const OVER_MS = 1_300;

const LONG_MS = 60_000;

const LOST = { kind: "lost" };
const DONE = { kind: "done" };
const HELD = { kind: "held" };

async function acquire(
  { component }: LockTrial,
  resource: string,
  owner: string,
  ttlMs = LONG_MS,
): Promise<HeldLock> {
  const result = await component.tryAcquire({ resource, owner, ttlMs });
  if (result.kind === "held") throw new Error(`${resource} is held`);
  return { resource, owner, fence: result.fence };
}

async function isHeld({ component }: LockTrial, resource: string): Promise<boolean> {
  return (await component.tryAcquire({ resource, owner: "probe", ttlMs: 1 })).kind === "held";
}

const HOLDING: StoreCases<LockTrial> = {
  "K5: gives a resource to one holder, and others to others": async ({ subject, store: trial }) => {
    const other = await subject.openHandle();
    await acquire(trial, "one", "a");
    for (const [handle, owner] of [
      [trial, "b"],
      [other, "b"],
      [trial, ""],
      [other, "A"],
    ] as const)
      expect(await handle.component.tryAcquire({ resource: "one", owner, ttlMs: LONG_MS })).toEqual(
        HELD,
      );
    for (const resource of ["two", "ONE", "one ", "one*"]) await acquire(other, resource, "b");
  },

  "K5: gives one of many who ask at once the lock": async ({ subject, store: trial }) => {
    const other = await subject.openHandle();
    for (let round = 0; round < 5; round++) {
      const results = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          (index % 2 === 0 ? trial : other).component.tryAcquire({
            resource: `round ${round}`,
            owner: `owner ${index}`,
            ttlMs: LONG_MS,
          }),
        ),
      );
      expect(results.filter(({ kind }) => kind === "acquired")).toHaveLength(1);
    }
  },

  "K5: gives an owner that asks again the same lock, for a new time": async ({
    subject,
    store: trial,
  }) => {
    const other = await subject.openHandle();
    const lock = await acquire(trial, "one", "a", TTL_MS);
    expect(await acquire(other, "one", "a", LONG_MS)).toEqual(lock);
    await trial.pass(OVER_MS);
    expect(await isHeld(trial, "one")).toBe(true);
    expect(await trial.component.release(lock)).toEqual(DONE);
    expect((await acquire(trial, "one", "a")).fence).toBeGreaterThan(lock.fence);
  },

  "frees a resource by a release, once": async ({ subject, store: trial }) => {
    const other = await subject.openHandle();
    const lock = await acquire(trial, "one", "a");
    const beside = await acquire(trial, "two", "a");
    expect(await trial.component.release(lock)).toEqual(DONE);
    expect(await trial.component.release(lock)).toEqual(LOST);
    await acquire(other, "one", "b");
    expect(await trial.component.renew(beside, LONG_MS)).toEqual(DONE);
  },

  "K5: lets nobody but the holder release or renew": async ({ store: trial }) => {
    const lock = await acquire(trial, "one", "a");
    for (const wrong of [
      { ...lock, owner: "b" },
      { ...lock, fence: lock.fence + 1 },
      { ...lock, resource: "two" },
    ]) {
      expect(await trial.component.release(wrong)).toEqual(LOST);
      expect(await trial.component.renew(wrong, LONG_MS)).toEqual(LOST);
    }
    expect(await isHeld(trial, "one")).toBe(true);
    expect(await trial.component.renew(lock, LONG_MS)).toEqual(DONE);
  },

  "K5: lets a former holder do nothing to the next one": async ({ store: trial }) => {
    const first = await acquire(trial, "one", "a");
    await trial.component.release(first);
    const second = await acquire(trial, "one", "a");
    expect(await trial.component.renew(first, LONG_MS)).toEqual(LOST);
    expect(await trial.component.release(first)).toEqual(LOST);
    expect(await trial.component.renew(second, LONG_MS)).toEqual(DONE);
  },
};

const LIFETIMES: StoreCases<LockTrial> = {
  "frees a resource when its time is over, and not before": async ({ store: trial }) => {
    const lock = await acquire(trial, "one", "a", TTL_MS);
    await trial.pass(TTL_MS / 4);
    expect(await isHeld(trial, "one")).toBe(true);
    await trial.pass(OVER_MS);
    expect(await trial.component.renew(lock, LONG_MS)).toEqual(LOST);
    expect(await trial.component.release(lock)).toEqual(LOST);
    expect(await isHeld(trial, "one")).toBe(false);
  },

  "K5: lets a late holder do nothing to the next one": async ({ store: trial }) => {
    const late = await acquire(trial, "one", "a", TTL_MS);
    await trial.pass(OVER_MS);
    const next = await acquire(trial, "one", "b");
    expect(await trial.component.renew(late, LONG_MS)).toEqual(LOST);
    expect(await trial.component.release(late)).toEqual(LOST);
    expect(await isHeld(trial, "one")).toBe(true);
    expect(await trial.component.release(next)).toEqual(DONE);
  },

  "gives a renewed lock a new lifetime": async ({ store: trial }) => {
    const longer = await acquire(trial, "longer", "a", TTL_MS);
    const shorter = await acquire(trial, "shorter", "a");
    expect(await trial.component.renew(longer, LONG_MS)).toEqual(DONE);
    expect(await trial.component.renew(shorter, TTL_MS)).toEqual(DONE);
    await trial.pass(OVER_MS);
    expect(await isHeld(trial, "longer")).toBe(true);
    expect(await isHeld(trial, "shorter")).toBe(false);
    expect(await trial.component.release(longer)).toEqual(DONE);
  },
};

const FENCES: StoreCases<LockTrial> = {
  "K5: gives each holder a higher fence, after releases and after ends": async ({
    subject,
    store: trial,
  }) => {
    const other = await subject.openHandle();
    const fences: number[] = [];
    for (let round = 0; round < 6; round++) {
      const handle = round % 2 === 0 ? trial : other;
      const lock = await acquire(handle, "one", "a", round < 2 ? TTL_MS : LONG_MS);
      fences.push(lock.fence);
      if (round < 2) await trial.pass(OVER_MS);
      else await handle.component.release(lock);
    }
    expect(fences).toEqual([...new Set(fences)].toSorted((one, next) => one - next));
    expect(fences.every((fence) => Number.isSafeInteger(fence))).toBe(true);
  },

  "K5: goes on with fences and holders when every handle was closed": async ({
    subject,
    store: trial,
  }) => {
    const released = await acquire(trial, "released", "a");
    await trial.component.release(released);
    await acquire(trial, "held", "a");
    await trial.component.close();
    const reopened = await subject.openHandle();
    expect(await isHeld(reopened, "held")).toBe(true);
    expect((await acquire(reopened, "released", "a")).fence).toBeGreaterThan(released.fence);
  },
};

/** What a lock store must do, each promise by its name. */
export const LOCK_STORE_CASES: StoreCaseGroups<LockTrial> = {
  holding: HOLDING,
  lifetimes: LIFETIMES,
  fences: FENCES,
};

/** What every `LockStore` must do. Each handle is an open store of the same locks. */
export function lockStoreSuite(options: SuiteOptions<StoreSubject<LockTrial>>): void {
  describeCases("LockStore", LOCK_STORE_CASES, options);
}
