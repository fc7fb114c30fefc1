import type { BrokerConsumer, BrokerMessage, BrokerSubscription, PubSub } from "@troupe/core";
import { expect } from "vitest";
import { describeCases, type StoreCaseGroups, type StoreCases } from "../store-cases.ts";
import type { StoreSubject, SuiteOptions } from "../suite-subject.ts";
import type { TimedTrial } from "./timed-trial.ts";

/** A broker that a suite tries. */
export interface PubSubTrial extends TimedTrial<PubSub> {
  /** Milliseconds after which a consumer has taken over from one that closed. */
  readonly takeOverMs: number;
}

const STEP_MS = 20;

function message(text: string, key?: string): BrokerMessage {
  return { key, data: new TextEncoder().encode(text), headers: {} };
}

function shown({ key, data, headers }: BrokerMessage): unknown[] {
  return [key, Buffer.from(data).toString("base64"), headers];
}

/** What a consumer was given, in order, and how it treats it. */
class Listener {
  readonly heard: string[] = [];
  readonly attempts: number[] = [];
  running = 0;
  mostRunning = 0;
  consumer: BrokerConsumer | undefined;
  readonly #held = new Map<string, PromiseWithResolvers<void>>();

  constructor(holding: readonly string[] = []) {
    for (const text of holding) this.#held.set(text, Promise.withResolvers());
  }

  async listen(
    { component }: PubSubTrial,
    options: Partial<BrokerSubscription> = {},
  ): Promise<this> {
    this.consumer = await component.subscribe({
      topic: "news",
      group: "g",
      from: "earliest",
      maxInFlight: 10,
      handle: (given, attempt) => this.#handle(given, attempt),
      ...options,
    });
    return this;
  }

  /** Lets a message that is held end well, or badly. */
  let(text: string, failure?: Error): void {
    const held = this.#held.get(text);
    if (failure === undefined) this.#held.delete(text);
    else this.#held.set(text, Promise.withResolvers());
    if (failure === undefined) held?.resolve();
    else held?.reject(failure);
  }

  async #handle({ data }: BrokerMessage, attempt: number): Promise<void> {
    const text = new TextDecoder().decode(data);
    this.heard.push(text);
    this.attempts.push(attempt);
    this.running++;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    try {
      await this.#held.get(text)?.promise;
    } finally {
      this.running--;
    }
  }
}

/** Lets time pass until it is so, and fails if that takes too long. */
async function until(trial: PubSubTrial, isSo: () => boolean, withinMs = 10_000): Promise<void> {
  for (let ms = 0; !isSo(); ms += STEP_MS) {
    if (ms > withinMs) throw new Error(`it was not so within ${withinMs} ms`);
    // oxlint-disable-next-line no-await-in-loop -- each look follows a pause.
    await trial.pass(STEP_MS);
  }
}

async function publishAll(
  { component }: PubSubTrial,
  texts: readonly string[],
  key?: string,
): Promise<void> {
  for (const text of texts) {
    // oxlint-disable-next-line no-await-in-loop -- in their order.
    await component.publish("news", message(text, key));
  }
}

const PUBLISHING: StoreCases<PubSubTrial> = {
  "P8: gives a group that begins at the earliest each message that was acknowledged": async ({
    subject,
    store: trial,
  }) => {
    await publishAll(trial, ["1", "2", "3"], "k");
    const other = await subject.openHandle();
    const listener = await new Listener().listen(other);
    await until(trial, () => listener.heard.length >= 3);
    await publishAll(trial, ["4"], "k");
    await until(trial, () => listener.heard.length >= 4);
    expect(listener.heard).toEqual(["1", "2", "3", "4"]);
  },

  "gives a message as it was: its key, its bytes and its headers": async ({ store: trial }) => {
    const sent: BrokerMessage[] = [
      { key: "ü/ \u0000k", data: Uint8Array.of(0, 255, 13, 10), headers: { tenant: "ä\n=" } },
      { key: undefined, data: new Uint8Array(0), headers: {} },
      { key: "large", data: new Uint8Array(1_048_576).fill(7), headers: {} },
    ];
    const got: BrokerMessage[] = [];
    await trial.component.subscribe({
      topic: "news",
      group: "g",
      from: "earliest",
      maxInFlight: 1,
      handle: async (given) => void got.push(given),
    });
    for (const one of sent) {
      // oxlint-disable-next-line no-await-in-loop -- in their order.
      await trial.component.publish("news", one);
    }
    await until(trial, () => got.length >= sent.length);
    expect(got.map((one) => shown(one))).toEqual(sent.map((one) => shown(one)));
  },

  "begins a group at the latest if that is asked for, and each group for itself": async ({
    store: trial,
  }) => {
    await publishAll(trial, ["before"]);
    const late = await new Listener().listen(trial, { from: "latest" });
    const early = await new Listener().listen(trial, { group: "other" });
    await publishAll(trial, ["after"]);
    await until(trial, () => late.heard.length >= 1 && early.heard.length >= 2);
    expect([late.heard, early.heard]).toEqual([["after"], ["before", "after"]]);
  },

  "keeps topics apart": async ({ store: trial }) => {
    const listener = await new Listener().listen(trial);
    await trial.component.publish("other", message("other"));
    await publishAll(trial, ["mine"]);
    await until(trial, () => listener.heard.length >= 1);
    expect(listener.heard).toEqual(["mine"]);
  },
};

const ENDING: StoreCases<PubSubTrial> = {
  "P3: gives what was not done to the next consumer, and nothing else": async ({
    subject,
    store: trial,
  }) => {
    const first = await new Listener(["2", "3"]).listen(trial);
    await publishAll(trial, ["1", "2", "3"]);
    await until(trial, () => first.heard.length >= 3);
    const closing = first.consumer?.close();
    first.let("2", new RangeError("not today"));
    first.let("3");
    await closing;
    const other = await subject.openHandle();
    const second = await new Listener().listen(other);
    await publishAll(trial, ["4"]);
    await until(trial, () => second.heard.includes("4"), trial.takeOverMs + 5_000);
    expect(second.heard).toEqual(["2", "4"]);
  },

  "P5: gives a message that fails again, and counts its attempts": async ({ store: trial }) => {
    const listener = await new Listener(["1"]).listen(trial);
    await publishAll(trial, ["1"], "k");
    for (let attempt = 1; attempt <= 3; attempt++) {
      // oxlint-disable-next-line no-await-in-loop -- each attempt follows the one before.
      await until(trial, () => listener.attempts.length >= attempt);
      listener.let("1", attempt < 3 ? new RangeError("not today") : undefined);
    }
    await publishAll(trial, ["2"], "k");
    await until(trial, () => listener.heard.includes("2"));
    expect(listener.heard).toEqual(["1", "1", "1", "2"]);
    expect(listener.attempts).toEqual([1, 2, 3, 1]);
  },
};

const ORDER: StoreCases<PubSubTrial> = {
  "P4: handles one message of a key at a time, in order, and other keys meanwhile": async ({
    store: trial,
  }) => {
    const listener = await new Listener(["a1"]).listen(trial);
    await publishAll(trial, ["a1", "a2"], "a");
    await publishAll(trial, ["b1", "b2"], "b");
    await until(trial, () => listener.heard.includes("b2"));
    await trial.pass(10 * STEP_MS);
    expect(listener.heard).not.toContain("a2");
    listener.let("a1", new RangeError("not today"));
    await until(trial, () => listener.heard.filter((text) => text === "a1").length >= 2);
    expect(listener.heard).not.toContain("a2");
    listener.let("a1");
    await until(trial, () => listener.heard.includes("a2"));
    const ofB = listener.heard.filter((text) => text.startsWith("b"));
    expect(ofB).toEqual(["b1", "b2"]);
  },

  "P6: has no more messages than it was allowed, and goes on when some are done": async ({
    store: trial,
  }) => {
    const texts = Array.from({ length: 12 }, (_, index) => `m${index}`);
    const listener = await new Listener(texts).listen(trial, { maxInFlight: 4 });
    await publishAll(trial, texts);
    await until(trial, () => listener.running >= 4);
    await trial.pass(10 * STEP_MS);
    for (const text of texts) listener.let(text);
    await until(trial, () => listener.heard.length >= texts.length);
    expect(listener.mostRunning).toBe(4);
    expect(listener.heard.toSorted()).toEqual(texts.toSorted());
  },

  "P7: gives a message to one consumer of a group": async ({ subject, store: trial }) => {
    const other = await subject.openHandle();
    const [one, two] = [await new Listener().listen(trial), await new Listener().listen(other)];
    const texts = Array.from({ length: 20 }, (_, index) => `m${index}`);
    await publishAll(trial, texts);
    const heard = (): string[] => [...one.heard, ...two.heard];
    await until(trial, () => heard().length >= texts.length);
    await trial.pass(10 * STEP_MS);
    expect(heard().toSorted()).toEqual(texts.toSorted());
  },
};

/** What a broker must do, each promise by its name. */
export const PUB_SUB_CASES: StoreCaseGroups<PubSubTrial> = {
  publishing: PUBLISHING,
  ending: ENDING,
  order: ORDER,
};

/** What every `PubSub` must do. Each handle is open to the same broker. */
export function pubSubSuite(options: SuiteOptions<StoreSubject<PubSubTrial>>): void {
  describeCases("PubSub", PUB_SUB_CASES, options);
}
