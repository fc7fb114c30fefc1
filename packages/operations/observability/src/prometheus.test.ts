import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { sleep, systemClock } from "@troupe/core";
import { promtoolPath, startPrometheus } from "@troupe/services";
import { Actor, actor, type Silo, startSilo, state } from "troupe";
import { expect, it } from "vitest";
import { serveHealth } from "./health-server.ts";
import { openTelemetry } from "./open-telemetry.ts";

const CALLS = 300;

@actor("Counter")
class Counter extends Actor {
  @state() accessor count = 0;

  async add(): Promise<number> {
    this.count++;
    return this.count;
  }
}

/** What an expression gives now: one number, or undefined while there is none. */
async function query(url: string, expression: string): Promise<number | undefined> {
  const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`);
  const { data } = (await response.json()) as {
    data: { result: { value: [number, string] }[] };
  };
  const [only] = data.result;
  return only === undefined ? undefined : Number(only.value[1]);
}

async function until<T>(what: () => Promise<T>, wanted: T): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if ((await what()) === wanted) return;
    await sleep(systemClock, 50);
  }
  expect(await what()).toBe(wanted);
}

it("gives a real Prometheus as many turns as calls were made, a stopped silo's among them", async () => {
  await using telemetry = await openTelemetry();
  const silos: Silo[] = [];
  await using stack = new AsyncDisposableStack();
  for (const id of ["a", "b"]) {
    const silo = await startSilo({
      cluster: "observed",
      membership: "memory:observed",
      storage: "memory:observed",
      actors: [Counter],
      metrics: telemetry.metrics,
      logLevel: "error",
      labels: { id },
    });
    silos.push(stack.use(silo));
  }
  const [first, second] = silos;
  if (first === undefined || second === undefined) return expect.unreachable("two were started");
  const health = stack.use(await serveHealth(second, { port: 0, telemetry }));
  const prometheus = await startPrometheus([new URL(health.url).host]);
  stack.defer(() => prometheus.stop());
  const turns = 'sum(last_over_time(troupe_turns_total{method="add",outcome="value"}[10m]))';
  for (let call = 0; call < CALLS; call++) await first.actor(Counter, `c${call % 7}`).add();
  await until(() => query(prometheus.url, turns), CALLS);
  // What the first silo counted is not forgotten when it has left.
  await first.stop();
  for (let call = 0; call < CALLS; call++) await second.actor(Counter, `c${call % 7}`).add();
  await until(() => query(prometheus.url, turns), 2 * CALLS);
  expect(await query(prometheus.url, "sum(troupe_view_members)")).toBe(1);
});

it("ships alert rules that promtool accepts", async () => {
  const rules = join(import.meta.dirname, "../../../../deploy/prometheus/troupe-alerts.yml");
  const { stdout } = await promisify(execFile)(await promtoolPath(), ["check", "rules", rules]);
  expect(stdout).toContain("SUCCESS: 6 rules found");
});
