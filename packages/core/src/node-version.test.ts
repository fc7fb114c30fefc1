import { expect, it } from "vitest";
import { nodeVersionProblem } from "./node-version.ts";

it("says which Node.js is needed where the one at hand is too old", () => {
  expect(nodeVersionProblem("20.20.2")).toContain(
    "troupe needs Node.js 22.12 or later; this is 20.20.2 (",
  );
  expect(nodeVersionProblem("22.11.9")).toContain("22.12 or later");
  for (const version of ["22.12.0", "22.20.1", "24.0.0"])
    expect(nodeVersionProblem(version)).toBeUndefined();
});
