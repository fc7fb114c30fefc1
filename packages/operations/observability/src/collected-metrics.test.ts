import { expect, it } from "vitest";
import { CollectedMetrics } from "./collected-metrics.ts";

const CALLS = { name: "shop.calls", unit: "{call}", description: "Calls." };

function collect(metrics: CollectedMetrics): ReturnType<CollectedMetrics["collect"]> {
  return metrics.collect((error) => expect.unreachable(String(error)));
}

it("counts by labels, in whatever order they are given", () => {
  const metrics = new CollectedMetrics();
  const calls = metrics.counter(CALLS);
  calls.add(1, { type: "Cart", method: "add" });
  calls.add(2, { method: "add", type: "Cart" });
  calls.add(5);
  expect(collect(metrics)).toEqual([
    {
      kind: "counter",
      info: CALLS,
      points: [
        { value: 3, labels: { type: "Cart", method: "add" } },
        { value: 5, labels: {} },
      ],
    },
  ]);
});

it("puts a value into the first bucket whose bound is not below it", () => {
  const metrics = new CollectedMetrics();
  const sizes = metrics.histogram({ ...CALLS, name: "shop.sizes" });
  for (const size of [0.001, 0.002, 10_001]) sizes.record(size);
  const [found] = collect(metrics);
  const points = found?.kind === "histogram" ? found.points : [];
  expect(points[0]?.counts).toEqual([1, 1, ...Array.from({ length: 13 }, () => 0), 1]);
  expect(points[0]?.sum).toBeCloseTo(10_001.003, 6);
});

it("keeps 2,000 series of an instrument, and one for all that come after them", () => {
  const metrics = new CollectedMetrics();
  const calls = metrics.counter(CALLS);
  for (let index = 0; index < 2_010; index++) calls.add(1, { id: String(index) });
  const [found] = metrics.collect(() => undefined);
  expect(found?.points.length).toBeLessThanOrEqual(2_001);
  expect(found?.points.at(-1)).toEqual({ value: 10, labels: { overflow: "true" } });
});

it("gives what several silos of a process observe under one name, until each has left", () => {
  const metrics = new CollectedMetrics();
  const gauge = { ...CALLS, kind: "gauge" } as const;
  const ends = ["a", "b"].map((silo) =>
    metrics.observe(gauge, () => [{ value: 1, labels: { silo } }]),
  );
  expect(collect(metrics)[0]?.points).toHaveLength(2);
  ends[0]?.();
  expect(collect(metrics)[0]?.points).toEqual([{ value: 1, labels: { silo: "b" } }]);
  ends[1]?.();
  expect(collect(metrics)).toEqual([]);
});

it("leaves out what cannot be read, says so, and gives the rest", () => {
  const metrics = new CollectedMetrics();
  metrics.observe({ ...CALLS, kind: "gauge", name: "broken" }, () => {
    throw new RangeError("no number");
  });
  metrics.counter(CALLS).add(1);
  const errors: unknown[] = [];
  const found = metrics.collect((error) => errors.push(error));
  expect(errors).toEqual([new RangeError("no number")]);
  expect(found.map(({ info, points }) => [info.name, points.length])).toEqual([
    ["broken", 0],
    ["shop.calls", 1],
  ]);
});
