import type { Counter, Histogram, Metrics, Observation, ObservedInfo } from "@troupe/core";
import { sleep } from "@troupe/core";
import { Actor, actor } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { expect, it } from "vitest";

/** Keeps what is observed, and reads it when it is asked. */
class ReadMetrics implements Metrics {
  readonly #observed = new Map<ObservedInfo, () => Iterable<Observation>>();

  counter(): Counter {
    return { add: () => expect.unreachable("the silo counts in plain fields") };
  }

  histogram(): Histogram {
    return { record: () => expect.unreachable("the silo counts in plain fields") };
  }

  observe(info: ObservedInfo, read: () => Iterable<Observation>): () => void {
    this.#observed.set(info, read);
    return () => void this.#observed.delete(info);
  }

  read(): Record<string, number> {
    return Object.fromEntries(
      [...this.#observed].flatMap(([{ name }, read]) =>
        [...read()].map(({ value, labels }) => [[name, labels?.type].join(" ").trim(), value]),
      ),
    );
  }
}

let { clock }: Pick<TestCluster, "clock"> = {} as TestCluster;

@actor("Slow", { mailboxMax: 2 })
class Slow extends Actor {
  async work(): Promise<void> {
    await sleep(clock, 1_000);
  }
}

it("lets a silo's numbers be read whenever somebody looks, until the silo has left", async () => {
  const metrics = new ReadMetrics();
  await using cluster = await TestCluster.start({ actors: [Slow], silos: 0 });
  ({ clock } = cluster);
  const started = await cluster.startSilo({ metrics });
  const slow = cluster.actor(Slow, "s");
  const works = Array.from({ length: 5 }, () => slow.work().catch(() => undefined));
  await cluster.advance(100);
  expect(metrics.read()).toMatchObject({
    "troupe.calls": 5,
    "troupe.calls.refused": 3,
    "troupe.calls.pending": 0,
    "troupe.calls.parked": 0,
    "troupe.activations Slow": 1,
  });
  expect(metrics.read()["troupe.calls.waiting.size"]).toBeGreaterThan(500);
  await cluster.run(Promise.all(works));
  expect(metrics.read()).toMatchObject({ "troupe.calls.waiting.size": 0 });
  await cluster.stopSilo(started);
  expect(metrics.read()).toEqual({});
});
