import type { StateComponent, StateItem, StateSet, StateWritten } from "@troupe/core";
import { expect } from "vitest";
import type { TimedTrial } from "./timed-trial.ts";

export type StateTrial = TimedTrial<StateComponent>;

export function setting(
  key: string,
  value: unknown,
  options: Omit<Partial<StateSet>, "key" | "kind" | "data"> = {},
): StateSet {
  return { kind: "set", key, data: JSON.stringify(value), ...options };
}

export async function itemOf(
  { component }: StateTrial,
  key: string,
): Promise<StateItem | undefined> {
  const [item] = await component.read(
    [key],
    component.capabilities.strongReads ? "strong" : "eventual",
  );
  return item;
}

/** The value of the key; undefined if there is none. */
export async function valueOf(trial: StateTrial, key: string): Promise<unknown> {
  const item = await itemOf(trial, key);
  return item && JSON.parse(item.data);
}

export async function etagOf(trial: StateTrial, key: string): Promise<string> {
  const item = await itemOf(trial, key);
  if (item === undefined) throw new Error(`${key} is not there`);
  return item.etag;
}

/** Writes one item, and gives the answer. */
export async function write(
  { component }: StateTrial,
  key: string,
  value: unknown,
  options: Parameters<typeof setting>[2] = {},
): Promise<StateWritten | undefined> {
  const answers = await component.write([setting(key, value, options)]);
  expect(answers).toHaveLength(1);
  return answers[0];
}

/** Writes one item, which must be stored, and gives its etag. */
export async function store(
  trial: StateTrial,
  key: string,
  value: unknown,
  options: Parameters<typeof setting>[2] = {},
): Promise<string> {
  const answer = await write(trial, key, value, options);
  if (answer?.kind !== "stored" || answer.etag === undefined)
    throw new Error(`${key} was not stored`);
  return answer.etag;
}

/** Every key with the prefix, by pages of the size, in the order of the pages. */
export async function allKeys(
  { component }: StateTrial,
  prefix: string,
  limit: number,
  onPage: () => Promise<void> = async () => undefined,
): Promise<readonly string[]> {
  const keys: string[] = [];
  let after: string | undefined;
  for (let pages = 0; pages < 1_000; pages++) {
    const page = await component.listKeys({ prefix, limit, after });
    keys.push(...page.keys);
    if (page.next === undefined) return keys;
    after = page.next;
    await onPage();
  }
  throw new Error("the pages do not end");
}
