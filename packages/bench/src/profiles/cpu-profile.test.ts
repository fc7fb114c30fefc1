import { expect, it } from "vitest";
import { roomTimes, selfTimes } from "./cpu-profile.ts";

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

it("shares the time among packages, Node.js and the engine", () => {
  const nodes = [
    { id: 1, callFrame: frame("(idle)") },
    { id: 2, callFrame: frame("(garbage collector)") },
    { id: 3, callFrame: frame("call", "file:///a/packages/providers/redis/dist/commits.js") },
    { id: 4, callFrame: frame("pack", "file:///a/node_modules/msgpackr/pack.js") },
    { id: 5, callFrame: frame("nextTick", "node:internal/process/task_queues") },
    { id: 6, callFrame: frame("writeBuffer") },
  ];
  const profile = { nodes, samples: [1, 2, 3, 4, 5, 6], timeDeltas: [90, 1, 5, 2, 1, 1] };
  expect(roomTimes(profile)).toEqual([
    { where: "providers/redis", share: 0.5 },
    { where: "msgpackr", share: 0.2 },
    { where: "(garbage collector)", share: 0.1 },
    { where: "Node.js", share: 0.1 },
    { where: "the engine", share: 0.1 },
  ]);
});
