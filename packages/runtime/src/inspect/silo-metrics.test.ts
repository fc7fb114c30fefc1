import type {
  Counter,
  Distribution,
  Histogram,
  HistogramInfo,
  MetricLabels,
  Metrics,
  Observation,
  ObservedInfo,
} from "@troupe/core";
import { sleep } from "@troupe/core";
import { Actor, actor } from "@troupe/sdk";
import { TestCluster } from "@troupe/testkit";
import { expect, it } from "vitest";

/** Keeps what is observed, and reads it when it is asked. */
class ReadMetrics implements Metrics {
  readonly #observed = new Map<ObservedInfo, () => Iterable<Observation>>();
  readonly #histograms = new Map<HistogramInfo, () => Iterable<Distribution>>();

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

  observeHistogram(info: HistogramInfo, read: () => Iterable<Distribution>): () => void {
    this.#histograms.set(info, read);
    return () => void this.#histograms.delete(info);
  }

  read(): Record<string, number> {
    return Object.fromEntries(
      [...this.#observed].flatMap(([{ name }, read]) =>
        [...read()].map(({ value, labels }) => [`${name} ${shown(labels)}`.trim(), value]),
      ),
    );
  }

  /** How many values each series of a histogram has, and their sum. */
  readHistograms(): Record<string, { readonly count: number; readonly sum: number }> {
    return Object.fromEntries(
      [...this.#histograms].flatMap(([{ name, bounds }, read]) =>
        [...read()].map(({ counts, sum, labels }) => {
          expect(counts).toHaveLength(bounds.length + 1);
          const count = counts.reduce((all, each) => all + each, 0);
          return [`${name} ${shown(labels)}`, { count, sum }];
        }),
      ),
    );
  }
}

function shown({ type, method, outcome }: MetricLabels = {}): string {
  return [type, method, outcome].filter((label) => label !== undefined).join(".");
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
    "troupe.view.members": 1,
  });
  expect(metrics.read()["troupe.calls.waiting.size"]).toBeGreaterThan(500);
  await cluster.run(Promise.all(works));
  expect(metrics.read()).toMatchObject({
    "troupe.calls.waiting.size": 0,
    "troupe.turns Slow.work.value": 2,
    "troupe.turns Slow.work.error": 0,
  });
  // Both took a second each, and the second one waited for the first before it began.
  expect(metrics.readHistograms()["troupe.turn.duration Slow.work"]).toEqual({ count: 2, sum: 2 });
  await cluster.stopSilo(started);
  expect(metrics.read()).toEqual({});
});
