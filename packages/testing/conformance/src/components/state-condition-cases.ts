import { expect } from "vitest";
import type { StoreCases } from "../store-cases.ts";
import {
  etagOf,
  itemOf,
  setting,
  type StateTrial,
  store,
  valueOf,
  write,
} from "./state-component-fixture.ts";

const CONFLICT = { kind: "conflict" };

/** Changes under a condition. */
export const CONDITIONS: StoreCases<StateTrial> = {
  "gives an item another etag with each write, and reads give the same": async ({
    store: trial,
  }) => {
    const etags = new Set<string>();
    for (let count = 0; count < 5; count++) {
      const etag = await store(trial, "key", "the same");
      expect(await etagOf(trial, "key")).toBe(etag);
      etags.add(etag);
    }
    expect(etags.size).toBe(5);
  },

  "K1: writes under the item's etag, and refuses every other one without a trace": async ({
    store: trial,
  }) => {
    if (!trial.component.capabilities.conditions) return;
    const first = await store(trial, "key", 1);
    const second = await store(trial, "key", 2, { condition: { kind: "etag", etag: first } });
    const before = await itemOf(trial, "key");
    for (const etag of [first, `${second}0`, "", "no etag at all"]) {
      const condition = { kind: "etag", etag } as const;
      expect(await write(trial, "key", 3, { condition })).toEqual(CONFLICT);
      expect(await trial.component.write([{ kind: "delete", key: "key", condition }])).toEqual([
        CONFLICT,
      ]);
    }
    expect(await itemOf(trial, "key")).toEqual(before);
    const condition = { kind: "etag", etag: second } as const;
    await trial.component.write([{ kind: "delete", key: "key", condition }]);
    expect(await itemOf(trial, "key")).toBeUndefined();
  },

  "K1: refuses an etag of what is not there": async ({ store: trial }) => {
    if (!trial.component.capabilities.conditions) return;
    const etag = await store(trial, "other", 1);
    const condition = { kind: "etag", etag } as const;
    expect(await write(trial, "key", 1, { condition })).toEqual(CONFLICT);
    expect(await trial.component.write([{ kind: "delete", key: "key", condition }])).toEqual([
      CONFLICT,
    ]);
    expect(await itemOf(trial, "key")).toBeUndefined();
  },

  "K1: writes an item that must not be there only if it is not": async ({ store: trial }) => {
    if (!trial.component.capabilities.conditions) return;
    const condition = { kind: "absent" } as const;
    await store(trial, "key", 1, { condition });
    expect(await write(trial, "key", 2, { condition })).toEqual(CONFLICT);
    expect(await valueOf(trial, "key")).toBe(1);
    await trial.component.write([{ kind: "delete", key: "key" }]);
    await store(trial, "key", 3, { condition });
    expect(await valueOf(trial, "key")).toBe(3);
  },

  "answers each change by itself, and stores those that are not refused": async ({
    store: trial,
  }) => {
    if (!trial.component.capabilities.conditions) return;
    await store(trial, "two", 0);
    const answers = await trial.component.write([
      setting("one", 1),
      setting("two", 2, { condition: { kind: "absent" } }),
      setting("three", 3),
    ]);
    expect(answers.map(({ kind }) => kind)).toEqual(["stored", "conflict", "stored"]);
    expect(await valueOf(trial, "one")).toBe(1);
    expect(await valueOf(trial, "two")).toBe(0);
    expect(await valueOf(trial, "three")).toBe(3);
  },

  "K1: stores one of many writes under one etag": async ({ subject, store: trial }) => {
    if (!trial.component.capabilities.conditions) return;
    const handles = [trial, await subject.openHandle()];
    for (let round = 0; round < 5; round++) {
      const etag = await store(trial, "key", "before");
      const condition = { kind: "etag", etag } as const;
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          write(handles[index % 2] ?? trial, "key", index, { condition }),
        ),
      );
      const stored = answers.flatMap((answer, index) => (answer?.kind === "stored" ? [index] : []));
      expect(stored).toHaveLength(1);
      expect(await valueOf(trial, "key")).toBe(stored[0]);
    }
  },

  "K1: loses no increment of several writers": async ({ subject, store: trial }) => {
    if (!trial.component.capabilities.conditions) return;
    await store(trial, "count", 0);
    const other = await subject.openHandle();
    await Promise.all([trial, other, trial, other].map((handle) => increment(handle)));
    expect(await valueOf(trial, "count")).toBe(40);
  },
};

/** Several changes, all or none. */
export const TRANSACTIONS: StoreCases<StateTrial> = {
  "K2: stores all changes of a transaction": async ({ store: trial }) => {
    if (!trial.component.capabilities.transactions) return;
    await store(trial, "old", 1);
    const etag = await store(trial, "kept", 1);
    const result = await trial.component.transact([
      setting("new", 1, { condition: { kind: "absent" } }),
      { kind: "delete", key: "old" },
      setting("kept", 2, { condition: { kind: "etag", etag } }),
    ]);
    expect(result).toEqual({ kind: "stored" });
    expect(await valueOf(trial, "new")).toBe(1);
    expect(await valueOf(trial, "old")).toBeUndefined();
    expect(await valueOf(trial, "kept")).toBe(2);
    expect(await etagOf(trial, "kept")).not.toBe(etag);
  },

  "K2: stores nothing of a transaction that is refused, whichever change refuses it": async ({
    store: trial,
  }) => {
    if (!trial.component.capabilities.transactions) return;
    await store(trial, "there", 1);
    const gone = { kind: "etag", etag: "gone" } as const;
    const changes = [
      setting("new", 1),
      setting("there", 2, { condition: gone }),
      { kind: "delete", key: "old" } as const,
    ];
    await store(trial, "old", 1);
    for (let turn = 0; turn < 3; turn++) {
      const rotated = [...changes.slice(turn), ...changes.slice(0, turn)];
      expect(await trial.component.transact(rotated)).toEqual({ kind: "conflict", key: "there" });
      expect(await valueOf(trial, "new")).toBeUndefined();
      expect(await valueOf(trial, "there")).toBe(1);
      expect(await valueOf(trial, "old")).toBe(1);
    }
  },

  "K2: keeps a sum over two items while several writers move parts of it": async ({
    subject,
    store: trial,
  }) => {
    if (!trial.component.capabilities.transactions) return;
    await store(trial, "one", 100);
    await store(trial, "two", 100);
    const other = await subject.openHandle();
    await Promise.all([move(trial, 1), move(other, 2), move(trial, -3), move(other, 4)]);
    expect(await valueOf(trial, "one")).toBe(80);
    expect(await valueOf(trial, "two")).toBe(120);
  },
};

/** Adds one to the count, ten times. */
async function increment(handle: StateTrial): Promise<void> {
  for (let done = 0, tries = 0; done < 10; tries++) {
    if (tries > 2_000) throw new Error("nobody gets ahead");
    const item = await itemOf(handle, "count");
    const condition = { kind: "etag", etag: item?.etag ?? "" } as const;
    const count = Number(item?.data) + 1;
    if ((await write(handle, "count", count, { condition }))?.kind === "stored") done++;
  }
}

/** Moves an amount from one item to the other, five times. */
async function move(handle: StateTrial, amount: number): Promise<void> {
  for (let done = 0, tries = 0; done < 5; tries++) {
    if (tries > 2_000) throw new Error("nobody gets ahead");
    const [one, two] = await handle.component.read(["one", "two"], "eventual");
    const result = await handle.component.transact([
      changed("one", one, -amount),
      changed("two", two, amount),
    ]);
    if (result.kind === "stored") done++;
  }
}

function changed(
  key: string,
  item: { readonly data: string; readonly etag: string } | undefined,
  by: number,
): ReturnType<typeof setting> {
  const condition = { kind: "etag", etag: item?.etag ?? "" } as const;
  return setting(key, Number(item?.data) + by, { condition });
}
