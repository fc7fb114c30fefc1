import { expect, it } from "vitest";
import { selfTimes } from "./cpu-profile.ts";

function frame(functionName: string, url = "") {
  return { functionName, url, lineNumber: 4 };
}

it("shares the time that the process worked among the functions that were on top", () => {
  const nodes = [
    { id: 1, callFrame: frame("(root)") },
    { id: 2, callFrame: frame("(idle)") },
    { id: 3, callFrame: frame("call", "file:///a/packages/client/dist/caller.js") },
    { id: 4, callFrame: frame("", "file:///a/packages/client/dist/caller.js") },
  ];
  expect(selfTimes({ nodes, samples: [2, 3, 4, 3], timeDeltas: [500, 10, 5, 5] })).toEqual([
    { where: "call client/dist/caller.js:5", share: 0.75 },
    { where: "(anonymous) client/dist/caller.js:5", share: 0.25 },
  ]);
});
