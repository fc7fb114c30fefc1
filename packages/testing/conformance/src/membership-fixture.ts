import type { Member, MembershipProvider, View } from "@troupe/core";
import type { TestTime } from "@troupe/testkit";
import { expect } from "vitest";

/** What the membership suite tries: one fresh, empty cluster. */
export interface MembershipSubject {
  /**
   * The smallest lease that the store grants; a second or more on real time, so that a busy machine
   * does not outlast it.
   */
  readonly ttlMs: number;
  /** The time on which leases run out. */
  readonly time: TestTime;
  /** A provider of its own, as another silo or client of the same cluster has. */
  openProvider(): Promise<MembershipProvider>;
  /**
   * Closes the providers that are still open and removes the cluster. Called once, after each test.
   */
  dispose(): Promise<void>;
}

/** What the tests of the membership suite share. */
export interface MembershipContext {
  readonly subject: () => MembershipSubject;
  readonly provider: () => MembershipProvider;
  readonly other: () => MembershipProvider;
  readonly wait: <T>(promise: Promise<T>) => Promise<T>;
  readonly until: (what: string, condition: () => boolean) => Promise<void>;
}

/** Outlives every test but those of leases, which take the smallest. */
export const LONG_TTL_MS = 60_000;

export function member(siloId: string, fields: Partial<Member> = {}): Member {
  return {
    siloId,
    address: "127.0.0.1:7100",
    state: "joining",
    types: {},
    version: "0.1.0",
    labels: {},
    ...fields,
  };
}

export function silosOf(view: View | undefined): readonly string[] {
  return (view?.members ?? []).map(({ siloId }) => siloId);
}

export interface WatchLog {
  readonly views: readonly View[];
  close(): Promise<void>;
}

export async function openLog(provider: MembershipProvider): Promise<WatchLog> {
  const views: View[] = [];
  const watch = await provider.watch({ onView: (view) => views.push(view), onBroken() {} });
  return { views, close: () => watch.close() };
}

/** Fails unless each log goes up in revision, and all views of one revision are equal. */
export function expectOneHistory(logs: readonly (readonly View[])[]): void {
  const known = new Map<number, View>();
  for (const views of logs) {
    const revisions = views.map(({ revision }) => revision);
    expect(revisions).toEqual([...new Set(revisions)].toSorted((a, b) => a - b));
    for (const view of views) {
      expect(view).toEqual(known.get(view.revision) ?? view);
      known.set(view.revision, view);
    }
  }
}
