import {
  EVEN_PLACEMENT,
  IN_FORCE_AT_ONCE,
  type InForce,
  type Member,
  type MembershipProvider,
  type View,
} from "@troupe/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SuiteOptions } from "./suite-subject.ts";
import { settle, waitUntil, type TestTime } from "@troupe/testkit";

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

/** What every `MembershipProvider` must do, tried on one that `open` gives. */
export function membershipSuite(options: SuiteOptions<MembershipSubject>): void {
  describe(`MembershipProvider: ${options.name}`, () => {
    let subject: MembershipSubject;
    let provider: MembershipProvider;
    let other: MembershipProvider;

    beforeEach(async () => {
      subject = await options.open();
      provider = await subject.openProvider();
      other = await subject.openProvider();
    });
    afterEach(() => subject.dispose());

    const context: MembershipContext = {
      subject: () => subject,
      provider: () => provider,
      other: () => other,
      wait: (promise) => settle(subject.time, promise),
      until: (what, condition) => waitUntil(subject.time, what, condition),
    };
    describe("records", () => recordTests(context));
    describe("definitions in force", () => inForceTests(context));
    describe("leases", () => leaseTests(context));
    describe("watching", () => watchTests(context));
  });
}

interface MembershipContext {
  readonly subject: () => MembershipSubject;
  readonly provider: () => MembershipProvider;
  readonly other: () => MembershipProvider;
  readonly wait: <T>(promise: Promise<T>) => Promise<T>;
  readonly until: (what: string, condition: () => boolean) => Promise<void>;
}

/** Outlives every test but those of leases, which take the smallest. */
const LONG_TTL_MS = 60_000;

function member(siloId: string, fields: Partial<Member> = {}): Member {
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

function silosOf(view: View | undefined): readonly string[] {
  return (view?.members ?? []).map(({ siloId }) => siloId);
}

interface WatchLog {
  readonly views: readonly View[];
  close(): Promise<void>;
}

async function openLog(provider: MembershipProvider): Promise<WatchLog> {
  const views: View[] = [];
  const watch = await provider.watch({ onView: (view) => views.push(view), onBroken() {} });
  return { views, close: () => watch.close() };
}

/** Fails unless each log goes up in revision, and all views of one revision are equal. */
function expectOneHistory(logs: readonly (readonly View[])[]): void {
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

/** A membership was made so long ago at most when its test begins. */
const MADE_WITHIN_MS = 600_000;

const CHURN_STEPS = 25;

/** Registers, and then changes the record as fast as the store takes it. */
async function churn(provider: MembershipProvider, siloId: string): Promise<void> {
  const lease = await provider.register(member(siloId, { labels: { step: "0" } }), LONG_TTL_MS);
  for (let step = 1; step <= CHURN_STEPS; step++) {
    await provider.update(lease, member(siloId, { labels: { step: String(step) } }));
  }
}

function isChurned(view: View | undefined): boolean {
  return (
    view?.members.length === 3 &&
    view.members.every(({ labels }) => labels.step === String(CHURN_STEPS))
  );
}

function inForce(change: number, fields: Partial<InForce> = {}): InForce {
  return {
    version: 1,
    digest: `digest ${change}`,
    change,
    since: 0,
    previous: undefined,
    leastVersion: 1,
    ...fields,
  };
}

function inForceTests({ provider, other, wait, until }: MembershipContext): void {
  it("are none at first", async () => {
    expect((await wait(provider().list())).inForce).toBeUndefined();
  });

  it("are shown to every provider, whole, in a view of their own", async () => {
    const before = await wait(provider().list());
    const konto = inForce(1, { version: 7, since: 12, previous: "früher 🦊", leastVersion: 3 });
    expect(await wait(provider().putInForce({ "Konto größe/🦊": konto }))).toBe("done");
    expect(await wait(other().putInForce({ ["__proto__"]: inForce(1) }))).toBe("done");
    for (const each of [provider(), other()]) {
      const view = await wait(each.list());
      expect(Object.entries(view.inForce ?? {}).toSorted()).toEqual(
        [
          ["Konto größe/🦊", konto],
          ["__proto__", inForce(1)],
        ].toSorted(),
      );
      expect(view.revision).toBeGreaterThan(before.revision + 1);
    }
  });

  it("take the next change only", async () => {
    expect(await wait(provider().putInForce({ Account: inForce(2) }))).toBe("changed");
    expect(await wait(provider().putInForce({ Account: inForce(1) }))).toBe("done");
    const { revision } = await wait(provider().list());
    for (const change of [1, 3])
      expect(await wait(other().putInForce({ Account: inForce(change) }))).toBe("changed");
    expect((await wait(provider().list())).revision).toBe(revision);
    expect(await wait(other().putInForce({ Account: inForce(2) }))).toBe("done");
    expect((await wait(provider().list())).inForce?.Account).toEqual(inForce(2));
  });

  it("are written together or not at all, in one view", async () => {
    const log = await wait(openLog(other()));
    const many = Array.from({ length: IN_FORCE_AT_ONCE }, (_, index) => `Type${index}`);
    const all = Object.fromEntries(many.map((type) => [type, inForce(1)]));
    expect(await wait(provider().putInForce(all))).toBe("done");
    expect(await wait(provider().putInForce({ Type7: inForce(2), Type3: inForce(1) }))).toBe(
      "changed",
    );
    expect((await wait(provider().list())).inForce).toEqual(all);
    await until("the view", () => Object.keys(log.views.at(-1)?.inForce ?? {}).length > 0);
    const counts = log.views.map((view) => Object.keys(view.inForce ?? {}).length);
    expect(new Set(counts)).toEqual(new Set([0, IN_FORCE_AT_ONCE]));
    await wait(log.close());
  });

  it("take one of several changes that are made at once", async () => {
    const changes = ["a", "b", "c", "d"].map((digest, index) =>
      (index % 2 === 0 ? provider() : other()).putInForce({ Account: inForce(1, { digest }) }),
    );
    const outcomes = await wait(Promise.all(changes));
    expect(outcomes.filter((outcome) => outcome === "done")).toHaveLength(1);
    const written = (await wait(provider().list())).inForce?.Account?.digest;
    expect(["a", "b", "c", "d"].indexOf(written ?? "")).toBe(outcomes.indexOf("done"));
  });

  it("stay when all members are gone", async () => {
    const lease = await wait(provider().register(member("silo-a"), LONG_TTL_MS));
    await wait(provider().putInForce({ Account: inForce(1) }));
    await wait(provider().remove(lease));
    const view = await wait(other().list());
    expect(silosOf(view)).toEqual([]);
    expect(view.inForce?.Account).toEqual(inForce(1));
  });

  it("are told to those who watch, in the order of all changes", async () => {
    const log = await wait(openLog(other()));
    const lease = await wait(provider().register(member("silo-a"), LONG_TTL_MS));
    for (let change = 1; change <= 3; change++)
      await wait(provider().putInForce({ Account: inForce(change) }));
    await wait(provider().update(lease, member("silo-a", { state: "active" })));
    await until("the last view", () => log.views.at(-1)?.members[0]?.state === "active");
    expect(log.views.at(-1)?.inForce?.Account).toEqual(inForce(3));
    expectOneHistory([log.views, [await wait(provider().list())]]);
    await wait(log.close());
  });
}

function recordTests({ subject, provider, other, wait }: MembershipContext): void {
  it("starts with no members", async () => {
    expect((await wait(provider().list())).members).toEqual([]);
  });

  it("shows a registered member to every provider, whole", async () => {
    const full = member("silo-a", {
      state: "active",
      types: {
        Account: {
          version: 2,
          digest: "digest 1",
          placement: { labels: { größe: "🦊" }, separator: "/" },
        },
        "Konto größe": { version: 1, digest: "🦊", placement: EVEN_PLACEMENT },
      },
      labels: { zone: "a/b", "": "empty", quote: '"\n' },
    });
    const lease = await wait(provider().register(full, LONG_TTL_MS));
    expect(lease.siloId).toBe("silo-a");
    expect(lease.ttlMs).toBe(LONG_TTL_MS);
    expect((await wait(provider().list())).members).toEqual([full]);
    expect((await wait(other().list())).members).toEqual([full]);
  });

  it("sorts the members of a view by silo id", async () => {
    const ids = ["b", "a", "c-1", "10", "9", "c", "B"];
    for (const [index, id] of ids.entries())
      await wait((index % 2 === 0 ? provider() : other()).register(member(id), LONG_TTL_MS));
    expect(silosOf(await wait(provider().list()))).toEqual(ids.toSorted());
  });

  it("gives every change a new, higher revision, and the same one to everybody", async () => {
    const seen = [await wait(provider().list())];
    const lease = await wait(provider().register(member("a"), LONG_TTL_MS));
    seen.push(await wait(provider().list()));
    await wait(provider().update(lease, member("a", { state: "active" })));
    seen.push(await wait(other().list()));
    await wait(other().register(member("b"), LONG_TTL_MS));
    seen.push(await wait(provider().list()));
    await wait(provider().evict("b"));
    seen.push(await wait(other().list()));
    await wait(provider().remove(lease));
    seen.push(await wait(provider().list()));
    expectOneHistory([seen]);
    expect(seen.map(silosOf)).toEqual([[], ["a"], ["a"], ["a", "b"], ["a"], []]);
  });

  it("begins its revisions with the wall clock, so that one that is made anew counts on", async () => {
    const before = subject().time.clock.now();
    expect((await wait(provider().list())).revision).toBeGreaterThan(before - MADE_WITHIN_MS);
  });

  it("has one id for everybody, the first that was suggested", async () => {
    const id = await wait(provider().identity("first"));
    expect(id).toBe("first");
    expect(await wait(other().identity("second"))).toBe("first");
    expect(await wait(provider().identity("third"))).toBe("first");
  });

  it("raises the revisions of later views, with the members as they are, and never lowers them", async () => {
    await wait(provider().register(member("a"), LONG_TTL_MS));
    const high = subject().time.clock.now() + 1_000_000;
    await wait(provider().raise(high));
    const raised = await wait(other().list());
    expect(raised.revision).toBeGreaterThanOrEqual(high);
    expect(silosOf(raised)).toEqual(["a"]);
    await wait(provider().raise(1));
    expect(await wait(other().list())).toEqual(raised);
    await wait(other().register(member("b"), LONG_TTL_MS));
    expect((await wait(provider().list())).revision).toBeGreaterThan(raised.revision);
  });

  it("replaces the record on update and keeps its lease", async () => {
    const lease = await wait(provider().register(member("a"), LONG_TTL_MS));
    const draining = member("a", {
      state: "draining",
      address: "127.0.0.1:7101",
      labels: { zone: "b" },
    });
    expect(await wait(provider().update(lease, draining))).toBe("done");
    expect((await wait(other().list())).members).toEqual([draining]);
    expect(await wait(provider().renew(lease))).toBe("alive");
  });

  it("takes a removed record away at once, for good, and takes a second removal", async () => {
    const lease = await wait(provider().register(member("a"), LONG_TTL_MS));
    await wait(other().register(member("b"), LONG_TTL_MS));
    await wait(provider().remove(lease));
    expect(silosOf(await wait(other().list()))).toEqual(["b"]);
    await wait(provider().remove(lease));
    expect(await wait(provider().renew(lease))).toBe("gone");
    expect(await wait(provider().update(lease, member("a")))).toBe("gone");
    expect(silosOf(await wait(other().list()))).toEqual(["b"]);
  });

  it("evicts another silo once, and tells the evicted that it is gone", async () => {
    const lease = await wait(provider().register(member("a"), LONG_TTL_MS));
    await wait(other().register(member("b"), LONG_TTL_MS));
    expect(await wait(other().evict("a"))).toBe("evicted");
    expect(silosOf(await wait(provider().list()))).toEqual(["b"]);
    expect(await wait(other().evict("a"))).toBe("gone");
    expect(await wait(other().evict("never there"))).toBe("gone");
    expect(await wait(provider().renew(lease))).toBe("gone");
    expect(await wait(provider().update(lease, member("a", { state: "active" })))).toBe("gone");
    await wait(provider().remove(lease));
    expect(silosOf(await wait(provider().list()))).toEqual(["b"]);
  });

  it("lets many silos register at once", async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `silo-${String(index).padStart(2, "0")}`);
    await wait(
      Promise.all(
        ids.map((id, index) =>
          (index % 2 === 0 ? provider() : other()).register(member(id), LONG_TTL_MS),
        ),
      ),
    );
    expect(silosOf(await wait(provider().list()))).toEqual(ids);
  });
}

function leaseTests({ subject, provider, other, wait, until }: MembershipContext): void {
  const monotonic = (): number => subject().time.clock.monotonic();

  it("takes a record away when its lease was not renewed for its time, and not sooner", async () => {
    const { ttlMs } = subject();
    const log = await wait(openLog(other()));
    const registeredAt = monotonic();
    const lease = await wait(provider().register(member("a"), ttlMs));
    expect(lease.ttlMs).toBe(ttlMs);
    await until(
      "the record is gone",
      () => log.views.length > 1 && silosOf(log.views.at(-1)).length === 0,
    );
    expect(monotonic() - registeredAt).toBeGreaterThanOrEqual(ttlMs);
    expect(silosOf(await wait(provider().list()))).toEqual([]);
    expectOneHistory([log.views]);
  });

  it("keeps a record that is renewed while another one runs out, until its renewals stop", async () => {
    const { ttlMs, time } = subject();
    const log = await wait(openLog(other()));
    let aliveAt = monotonic();
    const lease = await wait(provider().register(member("a"), ttlMs));
    await wait(other().register(member("b"), ttlMs));
    const end = monotonic() + 1.5 * ttlMs;
    while (monotonic() < end) {
      await time.elapse(ttlMs / 5);
      const calledAt = monotonic();
      const answer = await wait(provider().renew(lease));
      // Only a machine that stood still for the whole lease may lose it.
      if (answer === "gone") expect(monotonic() - aliveAt).toBeGreaterThanOrEqual(ttlMs);
      else aliveAt = calledAt;
    }
    await until(
      "the silo that did not renew is gone",
      () => log.views.length > 1 && !silosOf(log.views.at(-1)).includes("b"),
    );
    await until(
      "the silo that stopped renewing is gone",
      () => silosOf(log.views.at(-1)).length === 0,
    );
    expect(monotonic() - aliveAt).toBeGreaterThanOrEqual(ttlMs);
    expectOneHistory([log.views]);
  });

  it("says gone to whoever renews, updates or evicts after the lease ran out", async () => {
    const { ttlMs } = subject();
    const log = await wait(openLog(other()));
    const lease = await wait(provider().register(member("a"), ttlMs));
    await until(
      "the record is gone",
      () => log.views.length > 1 && silosOf(log.views.at(-1)).length === 0,
    );
    expect(await wait(provider().renew(lease))).toBe("gone");
    expect(await wait(provider().update(lease, member("a", { state: "active" })))).toBe("gone");
    expect(await wait(other().evict("a"))).toBe("gone");
    await wait(provider().remove(lease));
    expect(silosOf(await wait(other().list()))).toEqual([]);
    await wait(provider().register(member("a2"), LONG_TTL_MS));
    expect(silosOf(await wait(other().list()))).toEqual(["a2"]);
  });
}

function watchTests({ provider, other, wait, until }: MembershipContext): void {
  it("gives the current view before it resolves", async () => {
    const empty = await wait(openLog(other()));
    expect(empty.views.map(silosOf)).toEqual([[]]);
    await wait(provider().register(member("a"), LONG_TTL_MS));
    await wait(provider().register(member("b"), LONG_TTL_MS));
    const late = await wait(openLog(other()));
    expect(silosOf(late.views[0])).toEqual(["a", "b"]);
    await until("the first watch has caught up", () => silosOf(empty.views.at(-1)).length === 2);
    expectOneHistory([empty.views, late.views, [await wait(provider().list())]]);
  });

  it("shows joins, changes, removals and evictions to every watch in one order", async () => {
    const logs = [
      await wait(openLog(provider())),
      await wait(openLog(other())),
      await wait(openLog(other())),
    ];
    const a = await wait(provider().register(member("a"), LONG_TTL_MS));
    await wait(other().register(member("b"), LONG_TTL_MS));
    await wait(provider().update(a, member("a", { state: "active" })));
    await wait(provider().evict("b"));
    await wait(other().register(member("c"), LONG_TTL_MS));
    await wait(provider().remove(a));
    const last = await wait(provider().list());
    expect(silosOf(last)).toEqual(["c"]);
    for (const log of logs) {
      await until(
        "every watch has the last view",
        () => JSON.stringify(silosOf(log.views.at(-1))) === '["c"]',
      );
      const states = log.views.map((view) =>
        view.members.map(({ siloId, state }) => `${siloId} ${state}`).join(),
      );
      const whole = [
        "",
        "a joining",
        "a joining,b joining",
        "a active,b joining",
        "a active",
        "a active,c joining",
        "c joining",
      ];
      expect(whole.filter((state) => states.includes(state))).toEqual(states);
    }
    expectOneHistory([...logs.map(({ views }) => views), [last]]);
  });

  it("loses no change of many that come fast from several silos", async () => {
    const logs = [await wait(openLog(provider())), await wait(openLog(other()))];
    const work = Promise.all([churn(provider(), "a"), churn(other(), "b"), churn(other(), "c")]);
    logs.push(await wait(openLog(provider())));
    await wait(work);
    for (const { views } of logs) {
      await until("every watch has the last view", () => isChurned(views.at(-1)));
      for (const siloId of ["a", "b", "c"]) {
        const steps = views.flatMap(({ members }) =>
          members.filter((one) => one.siloId === siloId).map((one) => Number(one.labels.step)),
        );
        expect(steps).toEqual(steps.toSorted((x, y) => x - y));
      }
    }
    expectOneHistory([...logs.map(({ views }) => views), [await wait(other().list())]]);
  });

  it("gives nothing more after it was closed, while other watches go on", async () => {
    const closed = await wait(openLog(other()));
    const open = await wait(openLog(other()));
    await wait(closed.close());
    const before = closed.views.length;
    await wait(provider().register(member("a"), LONG_TTL_MS));
    await until("the open watch sees the change", () => silosOf(open.views.at(-1)).length === 1);
    expect(closed.views.length).toBe(before);
  });

  it("ends with its provider, and leaves the records of others alone", async () => {
    const log = await wait(openLog(other()));
    await wait(provider().register(member("a"), LONG_TTL_MS));
    await wait(other().close());
    const before = log.views.length;
    await wait(provider().register(member("b"), LONG_TTL_MS));
    expect(silosOf(await wait(provider().list()))).toEqual(["a", "b"]);
    expect(log.views.length).toBe(before);
  });
}
