import { type ConfigurationStore, systemClock, withTimeout } from "@troupe/core";
import { expect } from "vitest";
import { describeCases, type StoreCaseGroups, type StoreCases } from "../store-cases.ts";
import type { StoreSubject, SuiteOptions } from "../suite-subject.ts";
import { ConfigurationReader } from "./configuration-reader.ts";

/** A configuration store that a suite tries, and the hand that changes its settings. */
export interface ConfigurationTrial {
  readonly component: ConfigurationStore;
  /** Gives a key a value, or takes it away. Resolves when the change is made. */
  put(key: string, value: string | undefined): Promise<void>;
  /** Breaks the watches that are open, if there is anything that can break them. */
  readonly breakWatches?: (() => Promise<void>) | undefined;
  /** Milliseconds until a watch must have said what it owes. Default: 10,000. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 10_000;

async function textsOf(
  { component }: ConfigurationTrial,
  keys: readonly string[],
): Promise<Record<string, string>> {
  const items = await component.get(keys);
  return Object.fromEntries(Array.from(items, ([key, { value }]) => [key, value]));
}

const READING: StoreCases<ConfigurationTrial> = {
  "gives the settings of the keys that are there": async ({ store: trial }) => {
    await trial.put("one", "1");
    await trial.put("two", "2");
    await trial.put("empty", "");
    expect(await textsOf(trial, ["two", "none", "empty"])).toEqual({ two: "2", empty: "" });
    expect(await textsOf(trial, ["none"])).toEqual({});
  },

  "gives all settings if no key is named": async ({ store: trial }) => {
    await trial.put("one", "1");
    await trial.put("two", "2");
    expect(await textsOf(trial, [])).toEqual({ one: "1", two: "2" });
    await trial.put("one", undefined);
    expect(await textsOf(trial, [])).toEqual({ two: "2" });
  },

  "sees every change that was made before": async ({ store: trial }) => {
    for (let count = 0; count < 20; count++) {
      await trial.put("count", String(count));
      expect(await textsOf(trial, ["count"])).toEqual({ count: String(count) });
    }
  },

  "keeps every character of a value": async ({ store: trial }) => {
    for (const text of [" a ", "ä€😀", "a\nb", '{"a":"b"}', "x".repeat(10_000)]) {
      await trial.put("key", text);
      expect(await textsOf(trial, ["key"])).toEqual({ key: text });
    }
  },
};

const WATCHING: StoreCases<ConfigurationTrial> = {
  "K4: says of each change, when it can be read": async ({ store: trial }) => {
    if (!trial.component.capabilities.watch) return;
    await trial.put("key", "before");
    await reading(trial, ["key"], async (reader) => {
      expect(await reader.comesTo("key", "before")).toBe(true);
      for (const value of ["one", "two", undefined, "three"]) {
        await trial.put("key", value);
        expect([value, await reader.comesTo("key", value)]).toEqual([value, true]);
      }
    });
  },

  "K4: misses no last value, however fast they come": async ({ store: trial }) => {
    if (!trial.component.capabilities.watch) return;
    await reading(trial, [], async (reader) => {
      for (let round = 0; round < 5; round++) {
        for (let count = 0; count < 20; count++) await trial.put("key", `${round} ${count}`);
        expect(await reader.comesTo("key", `${round} 19`)).toBe(true);
      }
    });
  },

  "K4: misses nothing that changes as soon as the watch is open": async ({ store: trial }) => {
    if (!trial.component.capabilities.watch) return;
    for (let round = 0; round < 10; round++) {
      const heard = Promise.withResolvers<void>();
      const watch = await trial.component.watch(["key"], {
        onChange: () => heard.resolve(),
        onBroken: () => heard.resolve(),
      });
      await trial.put("key", String(round));
      await withTimeout(systemClock, patienceOf(trial), heard.promise, () => {
        throw new Error("the watch says nothing of the change");
      });
      await watch.close();
    }
  },

  "K4: says that a watch is broken, or goes on, and misses nothing": async ({ store: trial }) => {
    const { breakWatches, component } = trial;
    if (!component.capabilities.watch || breakWatches === undefined) return;
    await reading(trial, ["key"], async (reader) => {
      for (let round = 0; round < 3; round++) {
        await breakWatches();
        await trial.put("key", `after break ${round}`);
        expect(await reader.comesTo("key", `after break ${round}`)).toBe(true);
      }
    });
  },

  "says nothing any more to a watch that is closed": async ({ store: trial }) => {
    if (!trial.component.capabilities.watch) return;
    const closed = new ConfigurationReader(trial.component, [], patienceOf(trial));
    await closed.start();
    await closed.stop();
    await closed.stop();
    const { words } = closed;
    await reading(trial, [], async (reader) => {
      await trial.put("key", "changed");
      expect(await reader.comesTo("key", "changed")).toBe(true);
    });
    expect(closed.words).toBe(words);
  },

  "speaks to each of several watches": async ({ subject, store: trial }) => {
    if (!trial.component.capabilities.watch) return;
    const other = await subject.openHandle();
    await reading(trial, ["key"], (first) =>
      reading(other, ["key"], (second) =>
        reading(trial, [], async (third) => {
          await trial.put("key", "changed");
          const readers = [first, second, third];
          const arrived = readers.map((reader) => reader.comesTo("key", "changed"));
          expect(await Promise.all(arrived)).toEqual([true, true, true]);
        }),
      ),
    );
  },
};

function patienceOf({ patienceMs = PATIENCE_MS }: ConfigurationTrial): number {
  return patienceMs;
}

async function reading(
  trial: ConfigurationTrial,
  keys: readonly string[],
  run: (reader: ConfigurationReader) => Promise<void>,
): Promise<void> {
  const reader = new ConfigurationReader(trial.component, keys, patienceOf(trial));
  await reader.start();
  try {
    await run(reader);
  } finally {
    await reader.stop();
  }
}

/** What a configuration store must do, each promise by its name. */
export const CONFIGURATION_STORE_CASES: StoreCaseGroups<ConfigurationTrial> = {
  reading: READING,
  watching: WATCHING,
};

/** What every `ConfigurationStore` must do. Each handle is an open store of the same settings. */
export function configurationStoreSuite(
  options: SuiteOptions<StoreSubject<ConfigurationTrial>>,
): void {
  describeCases("ConfigurationStore", CONFIGURATION_STORE_CASES, options);
}
