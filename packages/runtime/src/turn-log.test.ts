import { type Logger, silentLogger } from "@troupe/core";
import { Actor, actor, oneWay } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { expect, it, onTestFinished } from "vitest";

let mayStart = true;

@actor("Clerk")
class Clerk extends Actor {
  override onActivate(): void {
    if (!mayStart) throw new RangeError("the office is closed");
  }

  async fail(): Promise<void> {
    throw new RangeError("on purpose");
  }

  @oneWay() async drop(): Promise<void> {
    throw new RangeError("unheard");
  }

  async wait(ms: number): Promise<void> {
    const clock = cluster.clock;
    await new Promise<void>((resolve) => void clock.schedule(ms, resolve));
  }
}

let cluster: TestCluster;
let said: Record<string, unknown>[] = [];

function note(level: string): Logger["info"] {
  return (fields, message) => void said.push({ level, ...fields, message });
}

async function start(): Promise<void> {
  said = [];
  mayStart = true;
  const logger: Logger = {
    ...silentLogger,
    debug: note("debug"),
    info: note("info"),
    warn: note("warn"),
    error: note("error"),
    child: () => logger,
  };
  cluster = await TestCluster.start({ actors: [Clerk], logger });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
}

/** What was said of calls and activations. */
function told(): Record<string, unknown>[] {
  return said.filter((line) => line.actor !== undefined || line.event === "activation_failed");
}

it("tells at debug level of a method that throws, and warns of a one-way call that fails", async () => {
  await start();
  const clerk = cluster.actor(Clerk, "a");
  await cluster.run(clerk.fail().catch(() => undefined));
  await cluster.run(clerk.drop());
  await cluster.advance(10);
  expect(told()).toMatchObject([
    { level: "debug", actor: "Clerk/a", method: "fail", reason: "on purpose" },
    { level: "warn", event: "one_way_failed", actor: "Clerk/a", method: "drop", reason: "unheard" },
  ]);
});

it("warns of an actor that cannot be activated", async () => {
  await start();
  mayStart = false;
  await cluster.run(
    cluster
      .actor(Clerk, "a")
      .fail()
      .catch(() => undefined),
  );
  expect(told()).toMatchObject([
    {
      level: "warn",
      event: "activation_failed",
      reason: expect.stringContaining("office is closed"),
    },
  ]);
});

it("warns of a slow turn, once a minute for each method", async () => {
  await start();
  const slow = (): number => said.filter(({ event }) => event === "slow_turn").length;
  await cluster.run(cluster.actor(Clerk, "a").wait(4_000));
  expect(slow()).toBe(0);
  await cluster.run(cluster.actor(Clerk, "a").wait(6_000));
  await cluster.run(cluster.actor(Clerk, "b").wait(6_000));
  expect(slow()).toBe(1);
  expect(said.find(({ event }) => event === "slow_turn")).toMatchObject({
    level: "warn",
    actor: "Clerk/a",
    method: "wait",
    tookMs: 6_000,
  });
  await cluster.advance(60_000);
  await cluster.run(cluster.actor(Clerk, "a").wait(6_000));
  expect(slow()).toBe(2);
});
