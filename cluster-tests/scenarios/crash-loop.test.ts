import { describe, expect, it, vi } from "vitest";
import { CRASH_LOOP_STORES, runCrashLoop } from "../crash-loop/run-crash-loop.ts";

// The longest that a loop of a few kills waits for what does not come is two minutes.
vi.setConfig({ testTimeout: 240_000 });

describe.each(CRASH_LOOP_STORES)("a crash loop (%s)", (store) => {
  it("loses, doubles and delays nothing that was acknowledged", async () => {
    const { problems } = await runCrashLoop({ store, kills: 6, seed: 1, report: () => undefined });
    expect(problems).toEqual([]);
  });
});
