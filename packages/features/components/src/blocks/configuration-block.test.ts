import {
  type ConfigurationItem,
  type ConfigurationListener,
  type ConfigurationWatch,
  silentLogger,
} from "@troupe/core";
import { VirtualClock } from "@troupe/testkit";
import { beforeEach, describe, expect, it } from "vitest";
import { InMemoryConfiguration, InMemorySettings } from "../kinds/in-memory-configuration.ts";
import { SecretTexts } from "../opening/secret-texts.ts";
import { ComponentCalls } from "./component-calls.ts";
import { ConfigurationBlock } from "./configuration-block.ts";
import type { ConfigurationItems } from "./configuration-feed.ts";

/** Settings in memory whose watches break, and which go away. */
class BreakableConfiguration extends InMemoryConfiguration {
  readonly #listeners = new Set<ConfigurationListener>();
  isAway = false;
  watches = 0;
  reads = 0;

  override async get(keys: readonly string[]): Promise<ReadonlyMap<string, ConfigurationItem>> {
    this.reads++;
    if (this.isAway) throw new Error("away");
    return await super.get(keys);
  }

  override async watch(
    keys: readonly string[],
    listener: ConfigurationListener,
  ): Promise<ConfigurationWatch> {
    if (this.isAway) throw new Error("away");
    const watch = await super.watch(keys, listener);
    this.#listeners.add(listener);
    this.watches++;
    return {
      close: async () => {
        if (this.#listeners.delete(listener)) this.watches--;
        await watch.close();
      },
    };
  }

  /** After this the watches say nothing any more. */
  break(): void {
    for (const listener of Array.from(this.#listeners)) listener.onBroken(new Error("cut"));
  }
}

let clock: VirtualClock;
let settings: InMemorySettings;
let store: BreakableConfiguration;
let block: ConfigurationBlock;

beforeEach(() => {
  clock = new VirtualClock();
  settings = new InMemorySettings({ limit: "5", other: "x" });
  store = new BreakableConfiguration(settings);
  const title = "settings (configuration.x)";
  const calls = new ComponentCalls({ title, clock, timeoutMs: 1_000, secrets: new SecretTexts() });
  block = new ConfigurationBlock({ store, calls, clock, logger: silentLogger });
});

function refuse(): never {
  throw new RangeError("no number");
}

function textOf(items: ConfigurationItems | void, key = "limit"): string | undefined {
  return items?.get(key)?.value;
}

describe("ConfigurationBlock", () => {
  it("gives the settings of some keys, or all", async () => {
    expect([...(await block.get(["limit", "none"])).keys()]).toEqual(["limit"]);
    expect((await block.get()).size).toBe(2);
  });

  it("gives a subscriber the settings, and then each change of them once", async () => {
    const items = block.subscribe(["limit"]);
    expect(textOf((await items.next()).value)).toBe("5");
    settings.set("limit", "6");
    expect(textOf((await items.next()).value)).toBe("6");
    settings.set("other", "y");
    settings.set("limit", undefined);
    expect((await items.next()).value?.size).toBe(0);
    await items.return();
    expect(store.watches).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it("gives a slow subscriber the last state and not those in between", async () => {
    const items = block.subscribe(["limit"]);
    await items.next();
    for (let limit = 0; limit < 100; limit++) settings.set("limit", String(limit));
    await clock.advance(0);
    expect(textOf((await items.next()).value)).toBe("99");
    expect(store.reads).toBeLessThan(10);
    await items.return();
  });

  it("reads again after a break, so that no last value is missed (K4)", async () => {
    const items = block.subscribe(["limit"]);
    await items.next();
    for (let round = 0; round < 3; round++) {
      store.break();
      settings.set("limit", `round ${round}`);
      expect(textOf((await clock.run(items.next())).value)).toBe(`round ${round}`);
      expect(store.watches).toBe(1);
    }
    await items.return();
  });

  it("tries with growing pauses while the store is away, and goes on by itself", async () => {
    const items = block.subscribe(["limit"]);
    await items.next();
    store.isAway = true;
    store.break();
    await clock.advance(60_000);
    store.isAway = false;
    settings.set("limit", "after");
    const startedAt = clock.monotonic();
    expect(textOf((await clock.run(items.next())).value)).toBe("after");
    expect(clock.monotonic() - startedAt).toBeLessThanOrEqual(5_000);
    await items.return();
  });

  it("waits for the first state of a store that is away at the start", async () => {
    store.isAway = true;
    const first = block.subscribe(["limit"]).next();
    await clock.advance(1_000);
    store.isAway = false;
    expect(textOf((await clock.run(first)).value)).toBe("5");
    await block.close();
  });

  it("ends a subscription by its signal, and all of them when it closes", async () => {
    const ended = new AbortController();
    const items = block.subscribe([], { signal: ended.signal });
    await items.next();
    const next = items.next();
    ended.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    const others = block.subscribe([]);
    await others.next();
    const last = others.next();
    await block.close();
    expect(await last).toEqual({ done: true, value: undefined });
    expect(store.watches).toBe(0);
    await expect(block.subscribe([]).next()).rejects.toMatchObject({
      code: "COMPONENT_UNAVAILABLE",
    });
  });

  it("keeps a value current, and keeps the one before when a new one cannot be parsed", async () => {
    const limit = await block.value("limit", (text = "0") => {
      if (!/^\d+$/.test(text)) throw new RangeError("no number");
      return Number(text);
    });
    expect(limit.current).toBe(5);
    settings.set("limit", "6");
    await clock.advance(0);
    expect(limit.current).toBe(6);
    settings.set("limit", "many");
    await clock.advance(0);
    expect(limit.current).toBe(6);
    settings.set("limit", undefined);
    await clock.advance(0);
    expect(limit.current).toBe(0);
    await limit.close();
    settings.set("limit", "7");
    await clock.advance(0);
    expect(limit.current).toBe(0);
    expect(store.watches).toBe(0);
  });

  it("refuses a first value that cannot be parsed, and a store that gives none", async () => {
    await expect(block.value("limit", refuse)).rejects.toMatchObject({
      code: "BAD_CONFIG",
      detail: "settings (configuration.x): limit: no number",
    });
    store.isAway = true;
    await expect(clock.run(block.value("limit", String))).rejects.toMatchObject({
      code: "COMPONENT_UNAVAILABLE",
    });
    expect(store.watches).toBe(0);
  });
});
