import { expect, it } from "vitest";
import { freezeWhole } from "./freeze-whole.ts";

it("takes nothing for frozen that lies in a value which was refused", () => {
  const parent: { child?: object; at?: Date } = {};
  const child = { parent };
  parent.child = child;
  parent.at = new Date(0);
  expect(() => freezeWhole(parent, "state.x")).toThrow("state.x.at is a Date");
  // The child leads to the same date.
  expect(() => freezeWhole(child, "state.x")).toThrow("state.x.parent.at is a Date");
});
