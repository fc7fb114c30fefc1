import type { Placement } from "@troupe/client";
import type { ReleasedEnvelope } from "@troupe/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Handoff } from "./handoff.ts";
import { EMPTY, HandoffWorld, placement, PLACES } from "./testing/handoff-world.ts";

/** An actor that the silo owns in the first placement, and not in the others. */
function ownedBy(
  siloId: string,
  first: Placement,
  ...others: readonly Placement[]
): { type: string; id: string } {
  for (let number = 0; ; number++) {
    const address = { type: "Account", id: `${number}` };
    const isHere = (at: Placement): boolean => at.ownerOf(address)?.siloId === siloId;
    if (isHere(first) && !others.some(isHere)) return address;
  }
}

/** An actor that one silo owns in the first placement, and another in the second. */
function movingFrom(
  from: string,
  before: Placement,
  to: string,
  after: Placement,
): { type: string; id: string } {
  for (let number = 0; ; number++) {
    const address = { type: "Account", id: `${number}` };
    if (before.ownerOf(address)?.siloId === from && after.ownerOf(address)?.siloId === to)
      return address;
  }
}

function released(revision: number, ...holding: readonly string[]): ReleasedEnvelope {
  return { kind: "released", revision, holding };
}

describe("a handoff", () => {
  const alone = placement(1, { a: "active" });
  const both = placement(2, { a: "active", b: "active" });

  it("lets the only silo activate everything at once", () => {
    const handoff = new Handoff("a", EMPTY);
    handoff.setPlacement(alone, undefined);
    expect(handoff.mayActivate({ type: "Account", id: "x" })).toBe(true);
  });

  it("keeps a new silo from activating until the former owner has released the view", () => {
    const handoff = new Handoff("b", EMPTY);
    handoff.setPlacement(both, undefined);
    const address = ownedBy("b", both);
    expect(handoff.mayActivate(address)).toBe(false);
    handoff.setReleased("a", released(1));
    expect(handoff.mayActivate(address)).toBe(false);
    handoff.setReleased("a", released(2));
    expect(handoff.mayActivate(address)).toBe(true);
  });

  it("waits for an actor that the former owner still holds, and for no other", () => {
    const handoff = new Handoff("b", EMPTY);
    handoff.setPlacement(both, undefined);
    const address = ownedBy("b", both);
    handoff.setReleased("a", released(2, `Account/${address.id}`));
    expect(handoff.mayActivate(address)).toBe(false);
    expect(handoff.mayActivate({ type: "Account", id: "another" })).toBe(true);
    handoff.setReleased("a", released(2));
    expect(handoff.mayActivate(address)).toBe(true);
  });

  it("does not take an older release for a newer one, nor one of a later view for one of this", () => {
    const handoff = new Handoff("b", EMPTY);
    handoff.setPlacement(both, undefined);
    const address = ownedBy("b", both);
    handoff.setReleased("a", released(3));
    expect(handoff.mayActivate(address)).toBe(false);
    handoff.setReleased("a", released(2));
    expect(handoff.mayActivate(address)).toBe(false);
    handoff.setPlacement(placement(3, { a: "active", b: "active" }), undefined);
    expect(handoff.mayActivate(address)).toBe(true);
  });

  it("goes on at once with what a silo owned all along", () => {
    const handoff = new Handoff("a", EMPTY);
    handoff.setPlacement(alone, undefined);
    handoff.setPlacement(both, undefined);
    expect(handoff.mayActivate(ownedBy("a", both))).toBe(true);
    handoff.setPlacement(placement(3, { a: "active", b: "draining" }), undefined);
    expect(handoff.mayActivate(ownedBy("a", both))).toBe(true);
    expect(handoff.mayActivate(ownedBy("b", both))).toBe(false);
  });

  describe("with a silo that hangs", () => {
    const three = placement(3, { a: "active", b: "active", hung: "active" });
    const crashed = placement(4, { a: "active", hung: "active" });

    function settled(): Handoff {
      const handoff = new Handoff("a", EMPTY);
      handoff.setPlacement(three, undefined);
      handoff.setReleased("b", released(3));
      handoff.setReleased("hung", released(3));
      return handoff;
    }

    it("takes over at once what another silo owned, and waits for what the hung one did", () => {
      const handoff = settled();
      handoff.setPlacement(crashed, []);
      const moved = movingFrom("b", three, "a", crashed);
      expect(handoff.mayActivate(moved)).toBe(true);
      const last = placement(5, { a: "active", hung: "draining" });
      handoff.setPlacement(last, []);
      expect(handoff.mayActivate(moved)).toBe(true);
      expect(handoff.mayActivate(movingFrom("hung", crashed, "a", last))).toBe(false);
      handoff.setReleased("hung", released(5));
      expect(handoff.mayActivate(movingFrom("hung", crashed, "a", last))).toBe(true);
    });

    it("waits for the owner in a view that it passed over", () => {
      const handoff = settled();
      const passed = placement(4, { a: "draining", b: "draining", hung: "active" });
      handoff.setPlacement(placement(5, { a: "active", hung: "active" }), [passed]);
      expect(handoff.mayActivate(movingFrom("b", three, "a", crashed))).toBe(false);
    });

    it("waits for everybody behind a gap, but with what it owned before that", () => {
      const handoff = settled();
      handoff.setPlacement(crashed, undefined);
      expect(handoff.mayActivate(movingFrom("b", three, "a", crashed))).toBe(false);
      expect(handoff.mayActivate(movingFrom("a", three, "a", crashed))).toBe(true);
      handoff.setReleased("hung", released(4));
      expect(handoff.mayActivate(movingFrom("b", three, "a", crashed))).toBe(true);
    });
  });

  it("waits for nobody who is joining or gone", () => {
    const handoff = new Handoff("a", EMPTY);
    handoff.setPlacement(placement(1, { a: "active", b: "active" }), undefined);
    expect(handoff.mayActivate({ type: "Account", id: "x" })).toBe(false);
    handoff.setPlacement(placement(2, { a: "active", c: "joining" }), undefined);
    expect(handoff.mayActivate({ type: "Account", id: "x" })).toBe(true);
  });

  it("remembers what was released in a view that it has not seen yet, also by a silo that older views have not", () => {
    const handoff = new Handoff("a", EMPTY);
    handoff.setReleased("c", released(4));
    handoff.setPlacement(placement(3, { a: "active" }), undefined);
    handoff.setPlacement(placement(4, { a: "active", c: "active" }), undefined);
    expect(handoff.isSettled).toBe(true);
  });

  it("says what it has released and still holds", () => {
    const handoff = new Handoff("a", EMPTY);
    handoff.setPlacement(both, undefined);
    const address = { type: "Account", id: "x" };
    handoff.hold(address);
    expect(handoff.release).toEqual(released(2, "Account/x"));
    expect(handoff.held).toBe(1);
    expect(handoff.letGo(address)).toBe(true);
    expect(handoff.letGo(address)).toBe(false);
    expect(handoff.release).toEqual(released(2));
    expect(handoff.held).toBe(0);
  });

  it("says nothing while it holds more than 10,000 actors, since the others then have to wait for all of them", () => {
    const handoff = new Handoff("a", EMPTY);
    handoff.setPlacement(both, undefined);
    for (let id = 0; id <= 10_000; id++) handoff.hold({ type: "Account", id: `${id}` });
    expect(handoff.release).toBeUndefined();
    handoff.letGo({ type: "Account", id: "0" });
    expect(handoff.release?.holding.length).toBe(10_000);
  });

  it("never lets two silos have the same actor, and lets its owner have it once all is quiet", () => {
    const silo = fc.constantFrom(...PLACES);
    const step = fc.oneof(
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("change" as const), silo }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("leave" as const), silo }) },
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant("adopt" as const),
          silo,
          skip: fc.boolean(),
          knows: fc.boolean(),
        }),
      },
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant("deliver" as const),
          silo,
          to: silo,
          count: fc.integer({ min: 1, max: 4 }),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant("end" as const), silo, pick: fc.nat() }),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 150, size: "max" }), (steps) => {
        const world = new HandoffWorld();
        for (const one of steps) {
          if (one.kind === "change") world.change(one.silo);
          else if (one.kind === "leave") world.leave(one.silo);
          else if (one.kind === "adopt") world.adopt(one.silo, one.skip, one.knows);
          else if (one.kind === "deliver") world.deliver(one.silo, one.to, one.count);
          else world.end(one.silo, one.pick);
          world.activateAll();
          world.check();
        }
        world.settle();
      }),
      { numRuns: 400 },
    );
  });
});
