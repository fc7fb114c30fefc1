import type { Placement } from "@troupe/client";
import type { MemberState } from "@troupe/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Handoff } from "./handoff.ts";
import { Heirs } from "./heirs.ts";
import { EMPTY, placement } from "./testing/handoff-world.ts";

type States = Readonly<Record<string, MemberState>>;

const SILOS = ["a", "b", "c", "d", "e"] as const;
const ACTORS = Array.from({ length: 40 }, (_, index) => ({ type: "Account", id: `${index}` }));

function heirsAt(siloId: string, ...views: readonly Placement[]): string[] {
  const heirs = new Heirs(siloId);
  for (const [index, view] of views.entries()) heirs.setPlacement(view, [], index);
  return SILOS.filter((other) => heirs.has(other));
}

describe("the heirs of a silo", () => {
  const all: States = { a: "active", b: "active", c: "active", d: "active" };

  it("are the others when it drains", () => {
    const views = [placement(1, all), placement(2, { ...all, a: "draining" })];
    expect(heirsAt("a", ...views)).toEqual(["b", "c", "d"]);
    expect(heirsAt("b", ...views)).toEqual([]);
  });

  it("are nobody when another silo dies, since nothing of its own moves", () => {
    const { d: _, ...left } = all;
    expect(heirsAt("a", placement(1, all), placement(2, left))).toEqual([]);
  });

  it("are the newcomer when a silo joins", () => {
    const joining = placement(1, { ...all, e: "joining" });
    expect(heirsAt("a", joining, placement(2, { ...all, e: "active" }))).toEqual(["e"]);
  });

  it("are all behind a gap, and when too many views are unsettled", () => {
    const [before, now] = [placement(1, all), placement(2, all)];
    for (const [passed, unsettled] of [[undefined, 1] as const, [[], 9] as const]) {
      const heirs = new Heirs("a");
      heirs.setPlacement(before, [], 0);
      heirs.setPlacement(now, passed, unsettled);
      expect(SILOS.filter((other) => heirs.has(other))).toEqual([...SILOS]);
    }
  });

  it("are told of by their donors alone: a silo has inherited all when these have released", () => {
    const [before, after] = [placement(1, all), placement(2, { ...all, a: "draining" })];
    const handoff = new Handoff("b", EMPTY);
    handoff.setPlacement(before, undefined);
    for (const other of ["a", "c", "d"])
      handoff.setReleased(other, { kind: "released", revision: 1, holding: [] });
    handoff.setPlacement(after, []);
    expect(handoff.hasInherited).toBe(false);
    handoff.setReleased("a", { kind: "released", revision: 2, holding: [] });
    expect([handoff.hasInherited, handoff.isSettled]).toEqual([true, false]);
  });

  it("are enough: when they have heard, every owner may activate what it owns", () => {
    const state = fc.constantFrom<MemberState | "gone">("joining", "active", "draining", "gone");
    const states = fc.record(Object.fromEntries(SILOS.map((siloId) => [siloId, state])));
    fc.assert(
      fc.property(states, fc.array(states, { minLength: 1, maxLength: 4 }), (first, rest) => {
        const views = [first, ...rest].map((one, index) => placement(index + 1, present(one)));
        const last = views.at(-1) ?? EMPTY;
        const silos = last.view.members.map(({ siloId }) => livedThrough(siloId, views));
        for (const { handoff, siloId } of silos)
          for (const other of silos)
            if (other.heirs.has(siloId) && other.handoff.release !== undefined)
              handoff.setReleased(other.siloId, other.handoff.release);
        for (const { siloId, handoff, isNew } of silos)
          for (const address of ACTORS)
            if (!isNew && last.ownerOf(address)?.siloId === siloId)
              expect(handoff.mayActivate(address)).toBe(true);
      }),
    );
  });
});

function present(states: Readonly<Record<string, MemberState | "gone">>): States {
  const there = Object.entries(states).filter(([, state]) => state !== "gone");
  return Object.fromEntries(there) as States;
}

/** A silo that has adopted each of the views, of which all have settled the first. */
function livedThrough(siloId: string, views: readonly Placement[]) {
  const [handoff, heirs] = [new Handoff(siloId, EMPTY), new Heirs(siloId)];
  const [first] = views;
  for (const view of views) {
    handoff.setPlacement(view, view === first ? undefined : []);
    if (view === first)
      for (const { siloId: other } of view.view.members)
        handoff.setReleased(other, { kind: "released", revision: 1, holding: [] });
    heirs.setPlacement(view, [], handoff.unsettled);
  }
  // Whoever comes later than the first view has a gap before it.
  return { siloId, handoff, heirs, isNew: first?.member(siloId) === undefined };
}
