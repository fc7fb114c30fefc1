import { TestCluster } from "@troupe/testkit";
import { expect, it, onTestFinished } from "vitest";
import { defineWorkflow, workflow } from "./index.ts";

// oxlint-disable no-restricted-globals, no-restricted-properties -- these are what is refused.
const USES: Readonly<Record<string, () => unknown>> = {
  "Date.now": () => Date.now(),
  "new Date": () => new Date(),
  "Math.random": () => Math.random(),
  randomUUID: () => crypto.randomUUID(),
  setTimeout: () => setTimeout(() => undefined, 1),
  fetch: () => fetch("http://127.0.0.1:1"),
};
// oxlint-enable no-restricted-globals, no-restricted-properties

const Careless = defineWorkflow({
  name: "Careless",
  async run(ctx, use: string) {
    await ctx.sleep(1);
    const inside = await ctx.run("step", () => typeof (use === "fetch" ? 1 : USES[use]?.()));
    const dated = new Date(ctx.now()).getTime() === ctx.now();
    ctx.log.info({ use }, "a logger may ask for the time");
    try {
      USES[use]?.();
    } catch (error) {
      return { inside, dated, error: String(error) };
    }
    return undefined;
  },
});

it.each([
  [
    "Date.now",
    /Careless\/c uses Date\.now\(\) at .*guards\.test\.ts:\d+:\d+, .*; use ctx\.now\(\)/,
  ],
  ["new Date", /uses new Date\(\) at .*; use new Date\(ctx\.now\(\)\)/],
  ["Math.random", /uses Math\.random\(\) at .*; use ctx\.random\(\)/],
  ["randomUUID", /uses crypto\.randomUUID\(\) at .*; use ctx\.uuid\(\)/],
  ["setTimeout", /uses setTimeout at .*; use ctx\.sleep/],
  ["fetch", /uses fetch at .*; use ctx\.run around it/],
])("%s is refused in the code of a run, and not in a step", async (use, message) => {
  const cluster = await TestCluster.start({ actors: [Careless] });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  const careless = workflow(cluster.client, Careless, "c");
  await cluster.run(careless.start(use));
  const result = await cluster.run(careless.result());
  expect(result?.inside).toMatch(/number|object|string/);
  expect(result?.dated).toBe(true);
  expect(result?.error).toMatch(/\[NOT_DETERMINISTIC\]/);
  expect(result?.error).toMatch(message);
});

it("leaves all other code alone", () => {
  for (const [name, use] of Object.entries(USES)) if (name !== "fetch") expect(use).not.toThrow();
  expect(new Date(5) instanceof Date).toBe(true);
  expect(new Date().getTime()).toBeGreaterThan(0);
});
