import { type Binding, type BindingRequest, systemClock, withTimeout } from "@troupe/core";
import { expect } from "vitest";
import { describeCases, type StoreCaseGroups, type StoreCases } from "../store-cases.ts";
import type { StoreSubject, SuiteOptions } from "../suite-subject.ts";

/** What is asked of a binding, without the signal. */
export type BindingAsk = Omit<BindingRequest, "signal">;

/** A binding that a suite tries, and what its other side does. */
export interface BindingTrial {
  readonly component: Binding;
  /** Asks that bring `text` there and back: the answer to the last one has it as its data. */
  echo(text: string): readonly BindingAsk[];
  /** The text in the data of that answer. Default: all of it. */
  textIn?(data: string): string;
  /** Asks that the other side refuses. */
  readonly refused: readonly BindingAsk[];
  /** Asks that are wrong in themselves. */
  readonly wrong: readonly BindingAsk[];
  /** An ask that is never answered, if there can be one. */
  readonly unanswered?: BindingAsk | undefined;
  /** Makes the other side go away; an ask that cannot reach it then. */
  readonly away?: (() => Promise<BindingAsk>) | undefined;
}

/** Milliseconds until an invocation has to end that nobody waits for any more. */
const PATIENCE_MS = 2_000;

async function invoke(
  { component }: BindingTrial,
  ask: BindingAsk,
  signal = new AbortController().signal,
): Promise<string> {
  const { data } = await component.invoke({ ...ask, signal });
  return new TextDecoder().decode(data);
}

async function echoed(trial: BindingTrial, text: string): Promise<string | undefined> {
  let answer: string | undefined;
  for (const ask of trial.echo(text)) {
    // oxlint-disable-next-line no-await-in-loop -- each needs what the one before did.
    answer = await invoke(trial, ask);
  }
  return answer === undefined ? undefined : (trial.textIn?.(answer) ?? answer);
}

const INVOKING: StoreCases<BindingTrial> = {
  "brings data there and back, byte for byte": async ({ store: trial }) => {
    for (const text of ["a", "ä€😀", "a\r\nb\n", '{"a":1}', "x".repeat(100_000)])
      expect(await echoed(trial, text)).toBe(text);
  },

  "keeps the answers of many invocations apart": async ({ store: trial }) => {
    const texts = Array.from({ length: 30 }, (_, index) => `text ${index}`);
    expect(await Promise.all(texts.map((text) => echoed(trial, text)))).toEqual(texts);
  },

  "names the operations that it takes": async ({ store: trial }) => {
    const { operations } = trial.component;
    for (const { operation } of [...trial.echo("a"), ...trial.refused, ...trial.wrong])
      expect(operations).toContain(operation);
  },

  "says what the other side refuses, and never that it was done": async ({ store: trial }) => {
    for (const ask of trial.refused)
      await expect(invoke(trial, ask)).rejects.toMatchObject({ code: "BINDING_FAILED" });
    expect(await echoed(trial, "still there")).toBe("still there");
  },

  "refuses what is wrong in itself": async ({ store: trial }) => {
    for (const ask of trial.wrong)
      await expect(invoke(trial, ask)).rejects.toMatchObject({ code: "BAD_INPUT", ran: "no" });
  },

  "ends soon after nobody waits any more": async ({ store: trial }) => {
    if (trial.unanswered === undefined) return;
    const ended = new AbortController();
    const invoked = invoke(trial, trial.unanswered, ended.signal).then(
      () => "answered",
      () => "ended",
    );
    systemClock.schedule(50, () => ended.abort());
    const outcome = await withTimeout(systemClock, PATIENCE_MS, invoked, () => "goes on");
    expect(outcome).toBe("ended");
  },

  "says that the other side cannot be reached": async ({ store: trial }) => {
    if (trial.away === undefined) return;
    const ask = await trial.away();
    await expect(invoke(trial, ask)).rejects.toMatchObject({ code: "COMPONENT_UNAVAILABLE" });
  },
};

/** What a binding must do, each promise by its name. */
export const BINDING_CASES: StoreCaseGroups<BindingTrial> = { invoking: INVOKING };

/** What every `Binding` must do. */
export function bindingSuite(options: SuiteOptions<StoreSubject<BindingTrial>>): void {
  describeCases("Binding", BINDING_CASES, options);
}
