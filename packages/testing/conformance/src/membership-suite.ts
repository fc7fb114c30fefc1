import { EVEN_PLACEMENT, type MembershipProvider, type View } from "@troupe/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SuiteOptions } from "./suite-subject.ts";
import { settle, waitUntil } from "@troupe/testkit";
import { inForceCases } from "./in-force-cases.ts";
import {
  expectOneHistory,
  LONG_TTL_MS,
  member,
  type MembershipContext,
  type MembershipSubject,
  openLog,
  silosOf,
} from "./membership-fixture.ts";

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
    describe("definitions in force", () => inForceCases(context));
    describe("leases", () => leaseTests(context));
    describe("watching", () => watchTests(context));
  });
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
