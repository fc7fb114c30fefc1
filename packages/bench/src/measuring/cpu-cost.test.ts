import { expect, it } from "vitest";
import { CpuCost } from "./cpu-cost.ts";

it("gives what a call costs each process, without the first time", async () => {
  const used = { client: 0, silo: 0 };
  const cost = new CpuCost({ client: async () => used.client, silo: async () => used.silo });
  for (const [client, silo] of [
    [999, 999],
    [10, 30],
    [20, 50],
    [90, 70],
  ] as const) {
    await cost.of(async (count) => {
      for (let call = 0; call < 10; call++) count();
      used.client += client;
      used.silo += silo;
    });
  }
  expect(cost.microsEach).toEqual({ client: 2, silo: 5 });
});
