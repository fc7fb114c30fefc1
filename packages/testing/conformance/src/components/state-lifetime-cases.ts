import { expect } from "vitest";
import type { StoreCases } from "../store-cases.ts";
import {
  allKeys,
  etagOf,
  setting,
  type StateTrial,
  store,
  valueOf,
  write,
} from "./state-component-fixture.ts";

/** Milliseconds: short, but longer than what stands between two steps of a case. */
const TTL_MS = 1_000;

/** Longer than an item with a lifetime can be there. */
const OVER_MS = 1_300;

/** Items that end by themselves. */
export const LIFETIMES: StoreCases<StateTrial> = {
  "K3: has an item until its time is over, and then no more": async ({ store: trial }) => {
    if (!trial.component.capabilities.ttl) return;
    const etag = await store(trial, "short", 1, { ttlMs: TTL_MS });
    await store(trial, "long", 1, { ttlMs: 60_000 });
    expect(await valueOf(trial, "short")).toBe(1);
    await trial.pass(OVER_MS);
    expect(await valueOf(trial, "short")).toBeUndefined();
    expect(await valueOf(trial, "long")).toBe(1);
    if (trial.component.capabilities.keys) expect(await allKeys(trial, "", 10)).toEqual(["long"]);
    if (!trial.component.capabilities.conditions) return;
    const condition = { kind: "etag", etag } as const;
    expect(await write(trial, "short", 2, { condition })).toEqual({ kind: "conflict" });
    await store(trial, "short", 3, { condition: { kind: "absent" } });
    expect(await valueOf(trial, "short")).toBe(3);
  },

  "K3: never takes away what was written since": async ({ store: trial }) => {
    if (!trial.component.capabilities.ttl) return;
    await store(trial, "kept", 1, { ttlMs: TTL_MS });
    await store(trial, "kept", 2);
    await store(trial, "later", 1, { ttlMs: TTL_MS });
    await store(trial, "later", 2, { ttlMs: 60_000 });
    await store(trial, "again", 1, { ttlMs: TTL_MS });
    await trial.component.write([{ kind: "delete", key: "again" }]);
    await store(trial, "again", 2);
    await trial.pass(OVER_MS);
    const items = await trial.component.read(["kept", "later", "again"], "eventual");
    expect(items.map((item) => item?.data)).toEqual(["2", "2", "2"]);
  },

  "K3: lets a later write shorten a lifetime": async ({ store: trial }) => {
    if (!trial.component.capabilities.ttl) return;
    await store(trial, "key", 1, { ttlMs: 60_000 });
    await store(trial, "key", 2, { ttlMs: TTL_MS });
    await trial.pass(OVER_MS);
    expect(await valueOf(trial, "key")).toBeUndefined();
  },

  "K3: changes no lifetime by a read or by a write that is refused": async ({ store: trial }) => {
    if (!trial.component.capabilities.ttl) return;
    await store(trial, "key", 1, { ttlMs: TTL_MS });
    await trial.pass(TTL_MS / 2);
    expect(await valueOf(trial, "key")).toBe(1);
    if (trial.component.capabilities.conditions) {
      const condition = { kind: "absent" } as const;
      await write(trial, "key", 2, { condition, ttlMs: 60_000 });
      await write(trial, "key", 2, { condition });
    }
    await trial.pass(OVER_MS - TTL_MS / 2);
    expect(await valueOf(trial, "key")).toBeUndefined();
  },

  "K3: gives the items of a transaction their lifetimes": async ({ store: trial }) => {
    const { ttl, transactions } = trial.component.capabilities;
    if (!ttl || !transactions) return;
    await store(trial, "kept", 1, { ttlMs: TTL_MS });
    const etag = await etagOf(trial, "kept");
    await trial.component.transact([
      setting("short", 1, { ttlMs: TTL_MS }),
      setting("kept", 2, { condition: { kind: "etag", etag } }),
    ]);
    expect(await valueOf(trial, "short")).toBe(1);
    await trial.pass(OVER_MS);
    expect(await valueOf(trial, "short")).toBeUndefined();
    expect(await valueOf(trial, "kept")).toBe(2);
    if (!trial.component.capabilities.conditions) return;
    const condition = { kind: "absent" } as const;
    expect(await trial.component.transact([setting("short", 2, { condition })])).toEqual({
      kind: "stored",
    });
  },
};
