import { afterEach, beforeEach, describe, it } from "vitest";
import type { StoreSubject, SuiteOptions } from "./suite-subject.ts";

/**
 * What one case of a store's suite is given: fresh, empty data, and a handle that is open on it.
 */
export interface StoreCase<S> {
  readonly subject: StoreSubject<S>;
  readonly store: S;
}

/**
 * Promises of a port, by their names; each function rejects if the store does not keep the promise.
 */
export type StoreCases<S> = Readonly<Record<string, (given: StoreCase<S>) => Promise<void>>>;

/** All promises of a port, by topic. */
export type StoreCaseGroups<S> = Readonly<Record<string, StoreCases<S>>>;

/** Makes a test of vitest out of every case. */
export function describeCases<S>(
  title: string,
  groups: StoreCaseGroups<S>,
  options: SuiteOptions<StoreSubject<S>>,
): void {
  describe(`${title}: ${options.name}`, () => {
    let subject: StoreSubject<S>;
    let store: S;

    beforeEach(async () => {
      subject = await options.open();
      store = await subject.openHandle();
    });
    afterEach(() => subject.dispose());

    for (const [topic, cases] of Object.entries(groups)) {
      describe(topic, () => {
        for (const [name, run] of Object.entries(cases)) it(name, () => run({ subject, store }));
      });
    }
  });
}

/** Runs every case, and gives the names of those whose promise the store does not keep. */
export async function brokenPromises<S>(
  groups: StoreCaseGroups<S>,
  open: () => Promise<StoreSubject<S>>,
): Promise<readonly string[]> {
  return Array.fromAsync(runAll(groups, open));
}

/** The name of the first case whose promise the store does not keep; undefined if it keeps all. */
export async function firstBrokenPromise<S>(
  groups: StoreCaseGroups<S>,
  open: () => Promise<StoreSubject<S>>,
): Promise<string | undefined> {
  for await (const broken of runAll(groups, open)) return broken;
  return undefined;
}

async function* runAll<S>(
  groups: StoreCaseGroups<S>,
  open: () => Promise<StoreSubject<S>>,
): AsyncGenerator<string> {
  for (const [name, run] of Object.values(groups).flatMap((cases) => Object.entries(cases))) {
    const subject = await open();
    let isBroken = false;
    try {
      await run({ subject, store: await subject.openHandle() });
    } catch {
      isBroken = true;
    }
    await subject.dispose();
    if (isBroken) yield name;
  }
}
