import { VirtualClock } from "@troupe/testkit";
import { describe, expect, it } from "vitest";
import { brokenPromises, firstBrokenPromise } from "../../store-cases.ts";
import type { StoreSubject } from "../../suite-subject.ts";
import { BINDING_CASES, type BindingTrial } from "../binding-suite.ts";
import {
  CONFIGURATION_STORE_CASES,
  type ConfigurationTrial,
} from "../configuration-store-suite.ts";
import { INPUT_BINDING_CASES, type InputTrial } from "../input-binding-suite.ts";
import { LOCK_STORE_CASES, type LockTrial } from "../lock-store-suite.ts";
import { SECRET_STORE_CASES, type SecretTrial } from "../secret-store-suite.ts";
import { BINDING_FLAWS, type BindingFlaw, FlawedBinding } from "./flawed-binding.ts";
import {
  CONFIGURATION_FLAWS,
  type ConfigurationFlaw,
  FlawedConfigurationStore,
  FlawedSettings,
} from "./flawed-configuration-store.ts";
import { FlawedInput, FlawedSource, INPUT_FLAWS, type InputFlaw } from "./flawed-input.ts";
import {
  type FlawedLocks,
  FlawedLockStore,
  LOCK_FLAWS,
  type LockFlaw,
} from "./flawed-lock-store.ts";
import { FlawedSecretStore, SECRET_FLAWS, type SecretFlaw } from "./flawed-secret-store.ts";

const nothing = async (): Promise<void> => undefined;

async function openSecrets(flaw?: SecretFlaw): Promise<StoreSubject<SecretTrial>> {
  return { openHandle: async () => new FlawedSecretStore(flaw), dispose: nothing };
}

async function openBinding(flaw?: BindingFlaw): Promise<StoreSubject<BindingTrial>> {
  return { openHandle: async () => new FlawedBinding(flaw), dispose: nothing };
}

async function openLocks(flaw?: LockFlaw): Promise<StoreSubject<LockTrial>> {
  const locks: FlawedLocks = new Map();
  const clock = new VirtualClock();
  return {
    openHandle: async () => ({
      component: new FlawedLockStore(locks, clock, flaw),
      pass: (ms) => clock.advance(ms),
    }),
    dispose: nothing,
  };
}

async function openSettings(flaw?: ConfigurationFlaw): Promise<StoreSubject<ConfigurationTrial>> {
  const settings = new FlawedSettings(flaw);
  return {
    openHandle: async () => ({
      component: new FlawedConfigurationStore(settings, flaw),
      put: (key, value) => settings.put(key, value),
      breakWatches: () => settings.breakAll(),
      patienceMs: 300,
    }),
    dispose: nothing,
  };
}

async function openInput(flaw?: InputFlaw): Promise<StoreSubject<InputTrial>> {
  const source = new FlawedSource();
  return {
    openHandle: async () => ({
      input: new FlawedInput(source, flaw),
      put: (text) => source.put(text, flaw),
      breakOff: () => source.breakOff(),
      patienceMs: 20,
    }),
    dispose: nothing,
  };
}

describe("the suite of InputBinding", () => {
  it("finds nothing wrong with an input without a flaw", async () => {
    expect(await brokenPromises(INPUT_BINDING_CASES, openInput)).toEqual([]);
  });

  it.each(INPUT_FLAWS)("catches an input that %s", async (flaw) => {
    expect(await firstBrokenPromise(INPUT_BINDING_CASES, () => openInput(flaw))).toBeDefined();
  });
});

describe("the suite of SecretStore", () => {
  it("finds nothing wrong with a store without a flaw", async () => {
    expect(await brokenPromises(SECRET_STORE_CASES, openSecrets)).toEqual([]);
  });

  it.each(SECRET_FLAWS)("catches a store that %s", async (flaw) => {
    expect(await firstBrokenPromise(SECRET_STORE_CASES, () => openSecrets(flaw))).toBeDefined();
  });
});

describe("the suite of ConfigurationStore", () => {
  it("finds nothing wrong with a store without a flaw", async () => {
    expect(await brokenPromises(CONFIGURATION_STORE_CASES, openSettings)).toEqual([]);
  });

  it.each(CONFIGURATION_FLAWS)("catches a store that %s", async (flaw) => {
    const broken = await firstBrokenPromise(CONFIGURATION_STORE_CASES, () => openSettings(flaw));
    expect(broken).toBeDefined();
  });
});

describe("the suite of LockStore", () => {
  it("finds nothing wrong with a store without a flaw", async () => {
    expect(await brokenPromises(LOCK_STORE_CASES, openLocks)).toEqual([]);
  });

  it.each(LOCK_FLAWS)("catches a store that %s", async (flaw) => {
    expect(await firstBrokenPromise(LOCK_STORE_CASES, () => openLocks(flaw))).toBeDefined();
  });
});

describe("the suite of Binding", () => {
  it("finds nothing wrong with a binding without a flaw", async () => {
    expect(await brokenPromises(BINDING_CASES, openBinding)).toEqual([]);
  });

  it.each(BINDING_FLAWS)("catches a binding that %s", async (flaw) => {
    expect(await firstBrokenPromise(BINDING_CASES, () => openBinding(flaw))).toBeDefined();
  });
});
