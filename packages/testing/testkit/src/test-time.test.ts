import { sleep } from "@troupe/core";
import { describe, expect, it } from "vitest";
import { realTime, settle, virtualTime, waitUntil } from "./test-time.ts";
import { VirtualClock } from "./virtual-clock.ts";

describe.each([
  ["real", () => realTime],
  ["virtual", () => virtualTime(new VirtualClock())],
])("waiting in %s time", (_, makeTime) => {
  it("settles a promise that needs time, and gives its outcome", async () => {
    const time = makeTime();
    const from = time.clock.monotonic();
    await settle(time, sleep(time.clock, 30));
    expect(time.clock.monotonic() - from).toBeGreaterThanOrEqual(30);
    await expect(settle(time, Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  });

  it("waits for a condition", async () => {
    const time = makeTime();
    let ready = false;
    time.clock.schedule(10, () => (ready = true));
    await waitUntil(time, "it is ready", () => ready);
    expect(ready).toBe(true);
  });
});

describe("waiting in vain", () => {
  it("fails, and says for what", async () => {
    const time = virtualTime(new VirtualClock());
    await expect(waitUntil(time, "pigs fly", () => false)).rejects.toThrow(
      "waited in vain until pigs fly",
    );
  });
});
