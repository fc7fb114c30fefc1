import type { Secret, SecretStore } from "@troupe/core";
import { expect } from "vitest";
import { describeCases, type StoreCaseGroups, type StoreCases } from "../store-cases.ts";
import type { StoreSubject, SuiteOptions } from "../suite-subject.ts";

/** A secret store that a suite tries, and the hand that fills it. */
export interface SecretTrial {
  readonly component: SecretStore;
  /** True if a secret can have several values, under keys of its own. */
  readonly hasKeys: boolean;
  /** Gives a secret its values; undefined takes it away. A single one has the secret's name. */
  put(name: string, values: Readonly<Record<string, string>> | undefined): Promise<void>;
}

/** Names that every store can have, in files and in variables. */
const ONE = "SUITE_ONE";
const TWO = "SUITE_TWO";

const AWKWARD_TEXTS = ["", " ", "a\nb\n", "ä€😀", `'"\\$HOME`, "{}", "x".repeat(10_000)];

async function valuesOf(
  { component }: SecretTrial,
  name: string,
): Promise<Secret["values"] | undefined> {
  return (await component.get(name))?.values;
}

const READING: StoreCases<SecretTrial> = {
  "gives a secret its value, under its own name": async ({ store: trial }) => {
    await trial.put(ONE, { [ONE]: "first" });
    await trial.put(TWO, { [TWO]: "second" });
    expect(await valuesOf(trial, ONE)).toEqual({ [ONE]: "first" });
    expect(await valuesOf(trial, TWO)).toEqual({ [TWO]: "second" });
  },

  "gives several values under their keys": async ({ store: trial }) => {
    if (!trial.hasKeys) return;
    await trial.put(ONE, { user: "shop", password: "hush" });
    expect(await valuesOf(trial, ONE)).toEqual({ user: "shop", password: "hush" });
  },

  "keeps every character of a value": async ({ store: trial }) => {
    for (const text of AWKWARD_TEXTS) {
      await trial.put(ONE, { [ONE]: text });
      expect(await valuesOf(trial, ONE)).toEqual({ [ONE]: text });
    }
  },

  "does not have what nobody put there": async ({ store: trial }) => {
    await trial.put(ONE, { [ONE]: "first" });
    for (const name of ["SUITE_NONE", "__proto__", "constructor", "toString", "suite_one", "SUITE"])
      expect(await trial.component.get(name)).toBeUndefined();
  },

  "leads to nothing outside of the store": async ({ store: trial }) => {
    for (const name of ["../SUITE_ONE", "/etc/hostname", "..", ".", "a/../b", "..\\b"])
      expect(await trial.component.get(name)).toBeUndefined();
  },

  "sees each change, and each removal": async ({ store: trial }) => {
    for (const text of ["first", "second", "third"]) {
      await trial.put(ONE, { [ONE]: text });
      expect(await valuesOf(trial, ONE)).toEqual({ [ONE]: text });
    }
    await trial.put(ONE, undefined);
    expect(await trial.component.get(ONE)).toBeUndefined();
  },

  "gives all secrets at once, as it gives each": async ({ store: trial }) => {
    if (!trial.component.capabilities.bulk) return;
    await trial.put(ONE, { [ONE]: "first" });
    await trial.put(TWO, trial.hasKeys ? { a: "1", b: "2" } : { [TWO]: "second" });
    const all = await trial.component.getAll();
    expect(all.get(ONE)).toEqual(await trial.component.get(ONE));
    expect(all.get(TWO)).toEqual(await trial.component.get(TWO));
    expect(all.has("SUITE_NONE")).toBe(false);
    await trial.put(TWO, undefined);
    expect((await trial.component.getAll()).has(TWO)).toBe(false);
  },
};

/** What a secret store must do, each promise by its name. */
export const SECRET_STORE_CASES: StoreCaseGroups<SecretTrial> = { reading: READING };

/** What every `SecretStore` must do. */
export function secretStoreSuite(options: SuiteOptions<StoreSubject<SecretTrial>>): void {
  describeCases("SecretStore", SECRET_STORE_CASES, options);
}
