import { EMPTY_VIEW, formatAddress, type Member, type MemberState } from "@troupe/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Placement, SILO_TYPE } from "./placement.ts";
import { bucketOf, Ring } from "./ring.ts";

function member(siloId: string, state: MemberState, types: readonly string[]): Member {
  return {
    siloId,
    address: `${siloId}:1`,
    state,
    types: Object.fromEntries(types.map((type) => [type, "digest"])),
    version: "1",
    labels: {},
  };
}

function placementOf(...members: Member[]): Placement {
  return new Placement({ revision: 7, members });
}

const both = ["Account", "Cart"];

describe("a placement", () => {
  it("gives actors only to active silos that host their type", () => {
    const placement = placementOf(
      member("a", "active", ["Account"]),
      member("b", "draining", both),
      member("c", "joining", both),
      member("d", "active", ["Cart"]),
    );
    for (let id = 0; id < 50; id++) {
      expect(placement.ownerOf({ type: "Account", id: `${id}` })?.siloId).toBe("a");
      expect(placement.ownerOf({ type: "Cart", id: `${id}` })?.siloId).toBe("d");
    }
  });

  it("has no owner for a type that nobody hosts, nor for a name that every object has", () => {
    const placement = placementOf(member("a", "active", both));
    expect(placement.ownerOf({ type: "Nobody", id: "x" })).toBeUndefined();
    expect(placement.ownerOf({ type: "constructor", id: "x" })).toBeUndefined();
    expect(placement.ownerOf({ type: "toString", id: "x" })).toBeUndefined();
  });

  it("is empty for a view without members", () => {
    const placement = new Placement(EMPTY_VIEW);
    expect(placement.hasActiveMember).toBe(false);
    expect(placement.ownerOf({ type: "Account", id: "x" })).toBeUndefined();
    expect([...placement.bucketsOf("a")]).toEqual([]);
  });

  it("knows no active member while all of them join or drain", () => {
    expect(
      placementOf(member("a", "joining", both), member("b", "draining", both)).hasActiveMember,
    ).toBe(false);
    expect(
      placementOf(member("a", "joining", both), member("b", "active", [])).hasActiveMember,
    ).toBe(true);
  });

  it("takes a silo's own id for the silo itself, in whatever state it is", () => {
    const placement = placementOf(member("a", "active", both), member("b", "draining", both));
    expect(placement.ownerOf({ type: SILO_TYPE, id: "b" })?.siloId).toBe("b");
    expect(placement.ownerOf({ type: SILO_TYPE, id: "gone" })).toBeUndefined();
  });

  it("agrees with the ring of the type's hosts", () => {
    const placement = placementOf(
      member("a", "active", both),
      member("b", "active", both),
      member("c", "active", ["Cart"]),
    );
    const ring = new Ring(["a", "b"]);
    for (let id = 0; id < 100; id++) {
      const address = { type: "Account", id: `${id}` };
      expect(placement.ownerOf(address)?.siloId).toBe(ring.ownerOf(formatAddress(address)));
    }
  });

  it("gives a silo the bucket of every actor that it owns, of whatever type", () => {
    const placement = placementOf(
      member("a", "active", both),
      member("b", "active", both),
      member("c", "active", ["Cart"]),
    );
    fc.assert(
      fc.property(fc.constantFrom(...both), fc.string({ minLength: 1 }), (type, id) => {
        const owner = placement.ownerOf({ type, id })?.siloId ?? "";
        expect(placement.bucketsOf(owner).has(bucketOf(`${type}/${id}`))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});
