import { IN_FORCE_AT_ONCE, type InForce } from "@troupe/core";
import { expect, it } from "vitest";
import {
  expectOneHistory,
  LONG_TTL_MS,
  member,
  type MembershipContext,
  openLog,
  silosOf,
} from "./membership-fixture.ts";

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

/** What is written down of definitions that are in force. */
export function inForceCases({ provider, other, wait, until }: MembershipContext): void {
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
      expect(new Map(Object.entries(view.inForce ?? {}))).toEqual(
        new Map([
          ["Konto größe/🦊", konto],
          ["__proto__", inForce(1)],
        ]),
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
