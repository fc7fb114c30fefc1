import { inputBindingSuite } from "@troupe/conformance";
import { describe, expect, it } from "vitest";
import { InMemoryBinding, InMemoryEvents } from "./in-memory-binding.ts";
import { readSchedule } from "./cron-binding.ts";

inputBindingSuite({
  name: "bindings.in-memory",
  open: async () => {
    const events = new InMemoryEvents();
    const binding = new InMemoryBinding(events);
    const put = async (text: string): Promise<void> => {
      const data = new TextEncoder().encode(text);
      const { signal } = new AbortController();
      await binding.invoke({ operation: "create", data, metadata: {}, signal });
    };
    return {
      openHandle: async () => ({ input: events, put, patienceMs: 20 }),
      dispose: async () => undefined,
    };
  },
});

describe("the schedule of bindings.cron", () => {
  it("is read as Dapr has it", () => {
    expect(readSchedule("@every 1h30m", "UTC")).toEqual({ everyMs: 5_400_000 });
    for (const cron of ["30 * * * *", "*/5 0 3 * * MON", "@daily"])
      expect(readSchedule(cron, "Europe/Berlin")).toEqual({ cron, timezone: "Europe/Berlin" });
  });

  it.each(["", "@every 5", "@every 1ms", "61 * * * *", "0 0 31 2 *", "* *"])(
    "is refused when it is %j",
    (text) => {
      const attempt = (): unknown => readSchedule(text, "UTC");
      expect(attempt).toThrow(expect.objectContaining({ code: "BAD_CONFIG" }));
    },
  );
});
