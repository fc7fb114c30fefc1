import { expect, it } from "vitest";
import { closestName } from "./closest-name.ts";

it("finds the name that was meant", () => {
  const known = ["cluster", "listen", "leaseTtl"];
  expect(closestName("clutser", known)).toBe("cluster");
  expect(closestName("lease_ttl", known)).toBe("leaseTtl");
  expect(closestName("LISTEN", known)).toBe("listen");
});

it("guesses nothing when no name is near", () => {
  expect(closestName("membership", ["cluster", "listen"])).toBeUndefined();
  expect(closestName("x", ["ab"])).toBeUndefined();
});
