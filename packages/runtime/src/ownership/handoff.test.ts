import { Placement } from "@troupe/client";
import { EVEN_PLACEMENT, type Member, type MemberState, type ReleasedEnvelope } from "@troupe/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Handoff } from "./handoff.ts";

function placement(revision: number, states: Readonly<Record<string, MemberState>>): Placement {
  const members = Object.entries(states).map(([siloId, state]): Member => ({
    siloId,
    address: "",
    state,
    types: { Account: { version: 1, digest: "1", placement: EVEN_PLACEMENT } },
    version: "1",
    labels: {},
  }));
  return new Placement({
    revision,
    members: members.toSorted((a, b) => (a.siloId < b.siloId ? -1 : 1)),
  });
}

const EMPTY = placement(0, {});

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
    const silo = fc.constantFrom(...SILOS);
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
        const world = new World();
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

const SILOS = ["a", "b", "c", "d"] as const;
const ACTORS = Array.from({ length: 12 }, (_, index) => ({ type: "Account", id: `${index}` }));

/** One process: what a silo does with its handoff, as `LocalActors` does. */
class SimulatedSilo {
  readonly siloId: string;
  readonly handoff: Handoff;
  readonly active = new Set<string>();
  /** Those of the active ones that have to move, and whose last turn has not ended. */
  readonly ending = new Set<string>();
  at = EMPTY;
  seen = 0;

  constructor(siloId: string) {
    this.siloId = siloId;
    this.handoff = new Handoff(siloId, EMPTY);
  }

  adopt(view: Placement, passed: readonly Placement[] | undefined): void {
    this.at = view;
    this.handoff.setPlacement(view, passed);
    for (const id of this.active) {
      const address = { type: "Account", id };
      if (view.ownerOf(address)?.siloId === this.siloId) continue;
      this.handoff.hold(address);
      this.ending.add(id);
    }
  }
}

/**
 * Silos that see the views in order but may skip some, and releases that are delayed differently
 * from link to link. A silo that leaves a view is gone at that moment, as its lease guard sees to;
 * it comes back as another process, under another id.
 */
class World {
  readonly #views: Placement[] = [EMPTY];
  /** The process that has each place at the moment. */
  readonly #silos = new Map<string, SimulatedSilo>();
  readonly #links = new Map<string, ReleasedEnvelope[]>();
  #starts = 0;

  /** Two silos have been active for long. */
  constructor() {
    for (const place of ["a", "b"]) for (let count = 0; count < 2; count++) this.change(place);
    this.settle();
  }

  /**
   * The next state of the silo at this place: one that is not there starts, and one that drains for
   * long leaves.
   */
  change(place: string): void {
    const silo = this.#silos.get(place) ?? new SimulatedSilo(`${place}${this.#starts++}`);
    this.#silos.set(place, silo);
    const state = this.#last.member(silo.siloId)?.state;
    const next = state === undefined ? "joining" : state === "joining" ? "active" : "draining";
    this.#publish({ ...this.#states, [silo.siloId]: next });
  }

  /** The silo is gone: it has left, or its lease is over. */
  leave(place: string): void {
    const silo = this.#silos.get(place);
    if (silo === undefined) return;
    this.#silos.delete(place);
    const { [silo.siloId]: _, ...others } = this.#states;
    this.#publish(others);
  }

  /** `knows` is whether a silo that skips views is told which. */
  adopt(place: string, skip: boolean, knows: boolean): void {
    const silo = this.#silos.get(place);
    if (silo === undefined) return;
    const next = skip ? this.#views.length - 1 : Math.min(silo.seen + 1, this.#views.length - 1);
    const view = this.#views[next];
    if (view === undefined || next <= silo.seen) return;
    const from = silo.seen;
    silo.seen = next;
    // What it sees of the time before its start is not for it.
    if (view.member(silo.siloId) === undefined) return;
    const isFirst = silo.at === EMPTY;
    const isKnown = !isFirst && (knows || next === from + 1);
    silo.adopt(view, isKnown ? this.#views.slice(from + 1, next) : undefined);
    this.#announce(silo);
  }

  end(place: string, pick: number): void {
    const silo = this.#silos.get(place);
    const id =
      silo === undefined ? undefined : [...silo.ending][pick % Math.max(1, silo.ending.size)];
    if (silo === undefined || id === undefined) return;
    silo.ending.delete(id);
    silo.active.delete(id);
    if (silo.handoff.letGo({ type: "Account", id })) this.#announce(silo);
  }

  deliver(from: string, to: string, count: number): void {
    const [sender, receiver] = [this.#silos.get(from), this.#silos.get(to)];
    if (sender === undefined || receiver === undefined) return;
    for (const envelope of this.#link(sender, receiver).splice(0, count))
      receiver.handoff.setReleased(sender.siloId, envelope);
  }

  /** Every silo activates whatever it may. */
  activateAll(): void {
    for (const silo of this.#silos.values()) {
      for (const address of ACTORS) {
        if (silo.active.has(address.id) || silo.at.ownerOf(address)?.siloId !== silo.siloId)
          continue;
        if (silo.handoff.mayActivate(address)) silo.active.add(address.id);
      }
    }
  }

  check(): void {
    for (const { id } of ACTORS) {
      const holders = [...this.#silos.values()]
        .filter(({ active }) => active.has(id))
        .map(({ siloId }) => siloId);
      if (holders.length > 1) throw new Error(`${id} is active on ${holders.join(" and ")}`);
    }
  }

  /**
   * All have the last view, all turns have ended, all releases have arrived: then every actor may
   * live at its owner's.
   */
  settle(): void {
    for (const place of SILOS) this.adopt(place, true, false);
    for (const silo of this.#silos.values()) {
      for (const place of SILOS)
        while (this.#silos.get(place) === silo && silo.ending.size > 0) this.end(place, 0);
    }
    for (const from of SILOS)
      for (const to of SILOS) this.deliver(from, to, Number.POSITIVE_INFINITY);
    this.activateAll();
    this.check();
    for (const silo of this.#silos.values()) {
      const isOwned = (address: (typeof ACTORS)[number]): boolean =>
        silo.at.ownerOf(address)?.siloId === silo.siloId;
      expect([...silo.active].toSorted()).toEqual(
        ACTORS.filter(isOwned)
          .map(({ id }) => id)
          .toSorted(),
      );
    }
  }

  #publish(states: Readonly<Record<string, MemberState>>): void {
    this.#views.push(placement(this.#views.length, states));
  }

  get #states(): Record<string, MemberState> {
    return Object.fromEntries(this.#last.view.members.map(({ siloId, state }) => [siloId, state]));
  }

  get #last(): Placement {
    return this.#views.at(-1) ?? EMPTY;
  }

  /** Links are there from the start, and a release that nobody listens to yet waits in them. */
  #announce(silo: SimulatedSilo): void {
    const { release } = silo.handoff;
    if (release === undefined) return;
    for (const other of this.#silos.values())
      if (other !== silo) this.#link(silo, other).push(release);
  }

  /** A new link begins with what its sender has released. */
  #link(from: SimulatedSilo, to: SimulatedSilo): ReleasedEnvelope[] {
    const name = `${from.siloId}>${to.siloId}`;
    const { release } = from.handoff;
    const link = this.#links.get(name) ?? (release === undefined ? [] : [release]);
    this.#links.set(name, link);
    return link;
  }
}
