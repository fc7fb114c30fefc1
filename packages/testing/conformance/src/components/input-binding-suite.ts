import {
  type InputBinding,
  type SourceEvent,
  type SourceOutcome,
  type SourceReading,
  systemClock,
  withTimeout,
} from "@troupe/core";
import { expect, vi } from "vitest";
import { describeCases, type StoreCaseGroups, type StoreCases } from "../store-cases.ts";
import type { StoreSubject, SuiteOptions } from "../suite-subject.ts";

/** An input that a suite tries, and how to put events into its source. */
export interface InputTrial {
  readonly input: InputBinding;
  /** Puts an event in. Resolves when the source has it. */
  put(text: string): Promise<void>;
  /** Breaks every reading off, as a lost connection does, if that can be. */
  readonly breakOff?: (() => Promise<void>) | undefined;
  /** Milliseconds that the source takes at most to bring an event, or to bring it again. */
  readonly patienceMs: number;
}

/** A receiver that decides about each event when the case says so. */
class Desk {
  readonly events: SourceEvent[] = [];
  readonly broken: Error[] = [];
  readonly #decide: ((outcome: SourceOutcome) => void)[] = [];
  /** What becomes of an event at once; undefined: it waits for `settle`. */
  answer: ((event: SourceEvent) => SourceOutcome | undefined) | undefined;
  most = 0;
  #open = 0;

  get texts(): readonly string[] {
    return this.events.map(({ data }) => new TextDecoder().decode(data));
  }

  async receive(event: SourceEvent): Promise<SourceOutcome> {
    this.events.push(event);
    this.most = Math.max(this.most, ++this.#open);
    const outcome =
      this.answer?.(event) ??
      (await new Promise<SourceOutcome>((resolve) => {
        this.#decide.push(resolve);
      }));
    this.#open--;
    return outcome;
  }

  onBroken(error: Error): void {
    this.broken.push(error);
  }

  /** Decides about all events that wait. */
  settle(outcome: SourceOutcome): void {
    for (const decide of this.#decide.splice(0)) decide(outcome);
  }
}

const LONG_MS = 10_000;

async function doing(
  trial: InputTrial,
  window: number,
  answer?: Desk["answer"],
): Promise<{ readonly desk: Desk; readonly reading: SourceReading }> {
  const desk = new Desk();
  desk.answer = answer;
  return { desk, reading: await trial.input.read(window, desk) };
}

function waitUntil(condition: () => boolean): Promise<void> {
  return vi.waitFor(() => expect(condition()).toBe(true), { timeout: LONG_MS, interval: 5 });
}

/** Lets the source bring what it has. */
function pass({ patienceMs }: InputTrial): Promise<void> {
  return new Promise((resolve) => {
    systemClock.schedule(patienceMs, resolve);
  });
}

function done(): SourceOutcome {
  return "done";
}

/** Waits until the desk has had so many events. */
function had(desk: Desk, count: number): Promise<void> {
  return waitUntil(() => desk.events.length >= count);
}

/** What a new reader of the source gets within its patience. */
async function left(trial: InputTrial): Promise<readonly string[]> {
  const { desk, reading } = await doing(trial, 100, done);
  await pass(trial);
  await reading.stop();
  return desk.texts;
}

const READING: StoreCases<InputTrial> = {
  "brings what was put in before and after it began, byte for byte": async ({ store: trial }) => {
    const texts = ["a", "ä€😀", "a\r\nb\n", '{"a":1}', "x".repeat(10_000)];
    await trial.put("before");
    const { desk, reading } = await doing(trial, 10, done);
    for (const text of texts) await trial.put(text);
    await had(desk, 6);
    expect(new Set(desk.texts)).toEqual(new Set(["before", ...texts]));
    await reading.stop();
    expect(await left(trial)).toEqual([]);
  },

  "gives each event an id of its own": async ({ store: trial }) => {
    const { desk, reading } = await doing(trial, 10, done);
    for (let count = 0; count < 5; count++) await trial.put("same");
    await had(desk, 5);
    expect(new Set(desk.events.map(({ id }) => id)).size).toBe(5);
    for (const { id } of desk.events) expect(id.length).toBeGreaterThan(0);
    await reading.stop();
  },

  "K6: brings an event again, under its id, that was not taken": async ({ store: trial }) => {
    let count = 0;
    const { desk, reading } = await doing(trial, 10, () => (++count <= 2 ? "again" : "done"));
    await trial.put("a");
    await had(desk, 3);
    expect(new Set(desk.events.map(({ id }) => id)).size).toBe(1);
    await reading.stop();
    expect(await left(trial)).toEqual([]);
  },

  "K6: keeps an event until it is done, also when its reader stops": async ({ store: trial }) => {
    const { desk, reading } = await doing(trial, 10);
    await trial.put("a");
    await had(desk, 1);
    const stopped = reading.stop();
    desk.settle("again");
    await stopped;
    expect(await left(trial)).toEqual(["a"]);
  },

  "K6: loses nothing, and says so, when a reading breaks off": async ({ store: trial }) => {
    if (trial.breakOff === undefined) return;
    const { desk } = await doing(trial, 10);
    await trial.put("a");
    await had(desk, 1);
    await trial.breakOff();
    await waitUntil(() => desk.broken.length > 0);
    const [first] = desk.events;
    // What the lost reading is told now must not count.
    desk.settle("done");
    await pass(trial);
    const again = await doing(trial, 10, done);
    await had(again.desk, 1);
    expect(again.desk.events[0]?.id).toBe(first?.id);
    await again.reading.stop();
    expect(desk.broken).toHaveLength(1);
  },

  "has no more events under way than the window": async ({ store: trial }) => {
    const { desk, reading } = await doing(trial, 3);
    for (let count = 0; count < 8; count++) await trial.put(String(count));
    await had(desk, 3);
    await pass(trial);
    expect(desk.events).toHaveLength(3);
    desk.answer = done;
    desk.settle("done");
    await had(desk, 8);
    expect(desk.most).toBeLessThanOrEqual(3);
    await reading.stop();
  },

  "brings the others while one waits, and while one comes again": async ({ store: trial }) => {
    const { desk, reading } = await doing(trial, 3, ({ data }) => {
      const text = new TextDecoder().decode(data);
      if (text === "slow") return undefined;
      return text === "poison" && desk.events.length < 30 ? "again" : "done";
    });
    await trial.put("slow");
    await trial.put("poison");
    for (let count = 0; count < 5; count++) await trial.put(String(count));
    await waitUntil(() => ["0", "1", "2", "3", "4"].every((one) => desk.texts.includes(one)));
    desk.answer = done;
    desk.settle("done");
    await reading.stop();
  },

  "shares the events between readers": async ({ subject, store: trial }) => {
    const other = await subject.openHandle();
    const one = await doing(trial, 2);
    const two = await doing(other, 2);
    for (let count = 0; count < 4; count++) await trial.put(String(count));
    await had(one.desk, 2);
    await had(two.desk, 2);
    expect(new Set([...one.desk.texts, ...two.desk.texts]).size).toBe(4);
    one.desk.settle("done");
    two.desk.settle("done");
    await one.reading.stop();
    await two.reading.stop();
  },

  "brings nothing new after it was stopped, and waits for what is under way": async ({
    store: trial,
  }) => {
    const { desk, reading } = await doing(trial, 10);
    await trial.put("a");
    await had(desk, 1);
    let isOver = false;
    const stop = async (): Promise<void> => {
      await reading.stop();
      isOver = true;
    };
    const stopped = stop();
    await trial.put("b");
    await pass(trial);
    expect({ isOver, texts: desk.texts }).toEqual({ isOver: false, texts: ["a"] });
    desk.settle("done");
    await withTimeout(systemClock, LONG_MS, stopped, () => expect.fail("it does not stop"));
    await reading.stop();
    expect(await left(trial)).toEqual(["b"]);
  },
};

/** What an input binding must do, each promise by its name. */
export const INPUT_BINDING_CASES: StoreCaseGroups<InputTrial> = { reading: READING };

/** What every `InputBinding` must do. Each handle reads the same source. */
export function inputBindingSuite(options: SuiteOptions<StoreSubject<InputTrial>>): void {
  describeCases("InputBinding", INPUT_BINDING_CASES, options);
}
