import { expect, it } from "vitest";
import { drained } from "./drained.ts";

async function deep(levels: number, done: () => void): Promise<void> {
  if (levels === 0) return done();
  await Promise.resolve();
  await deep(levels - 1, done);
}

it.each([
  ["a microtask", (go: () => void) => queueMicrotask(go)],
  ["the next tick", (go: () => void) => process.nextTick(go)],
  ["the event loop", (go: () => void) => setImmediate(go)],
])("runs after everything that goes on by itself, begun from %s", async (_, begin) => {
  const seen: string[] = [];
  const wait = async (): Promise<void> => {
    const end = drained();
    void Promise.all([deep(50, () => seen.push("beside")), deep(1_000, () => seen.push("deep"))]);
    setImmediate(() => seen.push("event loop"));
    await end;
    seen.push("drained");
  };
  await new Promise<void>((resolve) => {
    begin(() => resolve(wait()));
  });
  expect(seen).toEqual(["beside", "deep", "drained"]);
});
