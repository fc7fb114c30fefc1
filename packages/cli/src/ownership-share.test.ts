import { EVEN_PLACEMENT, type Member } from "@troupe/core";
import { expect, it } from "vitest";
import { ownershipShares } from "./ownership-share.ts";

function member(
  siloId: string,
  types: readonly string[],
  state: Member["state"] = "active",
): Member {
  const advert = { version: 1, digest: "digest", placement: EVEN_PLACEMENT };
  const adverts = Object.fromEntries(types.map((type) => [type, advert]));
  return { siloId, address: "127.0.0.1:1", state, types: adverts, version: "0.1.0", labels: {} };
}

it("gives each active silo its part, and a draining one nothing", () => {
  const shares = ownershipShares({
    revision: 1,
    members: [
      member("a", ["Account"]),
      member("b", ["Account"]),
      member("c", ["Account"], "draining"),
    ],
  });
  expect(shares.get("a")).toBeGreaterThan(0.3);
  expect(shares.get("b")).toBeGreaterThan(0.3);
  expect(shares.get("c")).toBe(0);
  expect((shares.get("a") ?? 0) + (shares.get("b") ?? 0)).toBeCloseTo(1);
});

it("counts each type among the silos that host it", () => {
  const shares = ownershipShares({
    revision: 1,
    members: [member("a", ["Account", "Cart"]), member("b", ["Account"])],
  });
  expect((shares.get("a") ?? 0) - (shares.get("b") ?? 0)).toBeGreaterThan(0.3);
});

it("is empty for a cluster without silos", () => {
  expect(ownershipShares({ revision: 0, members: [] }).size).toBe(0);
});
