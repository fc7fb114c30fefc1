import { type Logger, silentLogger } from "@troupe/core";
import { Actor, actor, reminder, type ScheduleOptions, timer } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { expect, it } from "vitest";

@actor("Bell", { idleAfter: "30d" })
class Bell extends Actor {
  async remind(options: ScheduleOptions): Promise<void> {
    await this.reminders.set("ring", options);
  }

  async time(options: ScheduleOptions): Promise<void> {
    await this.timers.set("chime", options);
  }

  @reminder("ring") async ring(): Promise<void> {
    throw new RangeError("the rope is torn");
  }

  @timer("chime") async chime(): Promise<void> {
    throw new RangeError("the hammer is lost");
  }
}

interface Line extends Record<string, unknown> {
  readonly level: string;
  readonly message: string;
}

async function linesOf(work: (cluster: TestCluster) => Promise<void>): Promise<Line[]> {
  const lines: Line[] = [];
  const at = (level: string): Logger["info"] => {
    return (fields, message) => void lines.push({ ...fields, level, message });
  };
  const logger: Logger = {
    ...silentLogger,
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: () => logger,
  };
  await using cluster = await TestCluster.start({ actors: [Bell], logger });
  await work(cluster);
  return lines.filter(({ level }) => level !== "info");
}

it("tells once that a reminder's tick threw, and once that it is given up and the reminder goes on", async () => {
  const lines = await linesOf(async (cluster) => {
    const retry = { attempts: 4, backoff: "1s" } as const;
    await cluster.run(cluster.actor(Bell, "a").remind({ every: "1h", retry }));
    await cluster.advance(3_700_000);
  });
  const failure = {
    event: "reminder_failed",
    reminder: "ring",
    attempts: 4,
    reason: "the rope is torn",
    stack: expect.stringContaining("failed-ticks.test.ts"),
  };
  expect(lines).toEqual([
    expect.objectContaining({ ...failure, level: "warn", attempt: 1 }),
    expect.objectContaining({
      ...failure,
      level: "error",
      attempt: 4,
      nextAt: expect.stringMatching(/Z$/),
      message: "a reminder's tick threw and is given up; the reminder goes on",
    }),
  ]);
});

it("says of a reminder whose last tick threw that it has ended", async () => {
  const lines = await linesOf(async (cluster) => {
    await cluster.run(cluster.actor(Bell, "a").remind({ in: "1s", retry: { attempts: 1 } }));
    await cluster.advance(10_000);
  });
  expect(lines).toMatchObject([
    { level: "error", message: expect.stringContaining("the reminder has ended") },
  ]);
});

it("tells in one line that a timer's tick threw, and that the timer goes on", async () => {
  const lines = await linesOf(async (cluster) => {
    await cluster.run(cluster.actor(Bell, "a").time({ every: "10s" }));
    await cluster.advance(15_000);
  });
  expect(lines).toMatchObject([
    {
      event: "timer_failed",
      timer: "chime",
      reason: "the hammer is lost",
      stack: expect.any(String),
      message: expect.stringContaining("the timer goes on"),
    },
  ]);
});
