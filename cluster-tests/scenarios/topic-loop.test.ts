import { describe, expect, it, vi } from "vitest";
import { usingClusters } from "../harness/using-clusters.ts";
import { runTopicLoop } from "../topic-loop/run-topic-loop.ts";

vi.setConfig({ testTimeout: 180_000 });

describe("topics while silos are killed, on Redis", () => {
  const clusters = usingClusters("servers");

  it("lose, double and reorder nothing", async () => {
    const cluster = clusters.create({ leaseTtl: "2s" });
    const { events, problems } = await runTopicLoop({
      cluster,
      kills: 4,
      seed: 1,
      report: () => undefined,
    });
    expect(problems).toEqual([]);
    expect(events).toBeGreaterThan(100);
  });
});
