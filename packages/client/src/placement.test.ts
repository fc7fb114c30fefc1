import {
  EMPTY_VIEW,
  EVEN_PLACEMENT,
  formatAddress,
  type Member,
  type MemberState,
  REMINDER_BUCKETS,
  type TypePlacement,
} from "@troupe/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Placement, SILO_TYPE } from "./placement.ts";
import { bucketOf, Ring } from "./ring.ts";

function member(
  siloId: string,
  state: MemberState,
  types: readonly string[],
  {
    labels = {},
    placement = EVEN_PLACEMENT,
  }: Partial<Pick<Member, "labels">> & {
    readonly placement?: TypePlacement;
  } = {},
): Member {
  const advert = { version: 1, digest: "digest", placement };
  return {
    siloId,
    address: `${siloId}:1`,
    state,
    types: Object.fromEntries(types.map((type) => [type, advert])),
    version: "1",
    labels,
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
    const ring = new Ring(["a", "b"].map((siloId) => ({ siloId, capacity: 1 })));
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

describe("a type that asks for labels", () => {
  const placement = { labels: { gpu: "true", zone: "a" }, separator: undefined };

  it("lives on the silos that have all of them", () => {
    const owners = placementOf(
      member("a", "active", ["Model"], {
        placement,
        labels: { gpu: "true", zone: "a", more: "x" },
      }),
      member("b", "active", ["Model"], { placement, labels: { gpu: "true" } }),
      member("c", "active", ["Model"], { placement, labels: { gpu: "true", zone: "b" } }),
    );
    for (let id = 0; id < 50; id++)
      expect(owners.ownerOf({ type: "Model", id: `${id}` })?.siloId).toBe("a");
    expect(owners.bucketsOf("a").size).toBe(REMINDER_BUCKETS);
    expect(owners.bucketsOf("b").size).toBe(0);
  });

  it("has no owner while nobody has them, and says which are missing", () => {
    const owners = placementOf(
      member("a", "draining", ["Model"], { placement, labels: placement.labels }),
      member("b", "active", ["Model"], { placement }),
    );
    expect(owners.ownerOf({ type: "Model", id: "x" })).toBeUndefined();
    expect(owners.missingLabels("Model")).toEqual(placement.labels);
    expect(owners.missingLabels("Nobody")).toBeUndefined();
  });
});

describe("types that are placed by a prefix", () => {
  const placement = { labels: {}, separator: "/" };
  const silos = ["a", "b", "c"].map((siloId) =>
    member(siloId, "active", ["Room", "Guest"], { placement }),
  );

  it("have the actors with the same prefix on one silo, and prefixes on all silos", () => {
    const owners = placementOf(...silos);
    const ownerOf = (type: string, id: string) => owners.ownerOf({ type, id })?.siloId;
    const seen = new Set<string | undefined>();
    for (let room = 0; room < 50; room++) {
      const owner = ownerOf("Room", `room-${room}`);
      seen.add(owner);
      expect(ownerOf("Guest", `room-${room}/alice`)).toBe(owner);
      expect(ownerOf("Guest", `room-${room}/bob/2`)).toBe(owner);
    }
    expect(seen.size).toBe(3);
  });

  it("have their due times looked for in every bucket", () => {
    const owners = placementOf(...silos, member("d", "active", ["Cart"]));
    expect(owners.bucketsOf("a").size).toBe(REMINDER_BUCKETS);
    expect(owners.bucketsOf("d").size).toBe(REMINDER_BUCKETS);
    expect(placementOf(...silos, member("d", "draining", ["Room"])).bucketsOf("d").size).toBe(0);
  });
});
