import type { ReminderStore, StateStore } from "@troupe/core";
import { describe, expect, it } from "vitest";
import { REMINDER_STORE_CASES } from "../reminder-store-cases.ts";
import { STATE_STORE_CASES } from "../state-store-cases.ts";
import { brokenPromises, firstBrokenPromise } from "../store-cases.ts";
import type { StoreSubject } from "../suite-subject.ts";
import {
  type FlawedIndex,
  FlawedReminderStore,
  REMINDER_FLAWS,
  type ReminderFlaw,
} from "./flawed-reminder-store.ts";
import {
  type FlawedStates,
  FlawedStateStore,
  STATE_FLAWS,
  type StateFlaw,
} from "./flawed-state-store.ts";

async function openStates(flaw?: StateFlaw): Promise<StoreSubject<StateStore>> {
  const states: FlawedStates = new Map();
  return {
    openHandle: async () => new FlawedStateStore(states, flaw),
    dispose: async () => undefined,
  };
}

async function openIndex(flaw?: ReminderFlaw): Promise<StoreSubject<ReminderStore>> {
  const index: FlawedIndex = [];
  return {
    openHandle: async () => new FlawedReminderStore(index, flaw),
    dispose: async () => undefined,
  };
}

describe("the suite of StateStore", () => {
  it("finds nothing wrong with a store without a flaw", async () => {
    expect(await brokenPromises(STATE_STORE_CASES, openStates)).toEqual([]);
  });

  it.each(STATE_FLAWS)("catches a store that %s", async (flaw) => {
    expect(await firstBrokenPromise(STATE_STORE_CASES, () => openStates(flaw))).toBeDefined();
  });

  it("catches an epoch that is not checked by what the fence is for", async () => {
    expect(
      await brokenPromises(STATE_STORE_CASES, () => openStates("commits under an older epoch")),
    ).toContain("loses no acknowledged increment while two silos take the actor from each other");
  });
});

describe("the suite of ReminderStore", () => {
  it("finds nothing wrong with an index without a flaw", async () => {
    expect(await brokenPromises(REMINDER_STORE_CASES, openIndex)).toEqual([]);
  });

  it.each(REMINDER_FLAWS)("catches an index that %s", async (flaw) => {
    expect(await firstBrokenPromise(REMINDER_STORE_CASES, () => openIndex(flaw))).toBeDefined();
  });
});
