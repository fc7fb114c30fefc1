import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Actor, actor, startSilo } from "troupe";
import { expect, it } from "vitest";
import { CollectedMetrics } from "./collected-metrics.ts";

@actor("Quiet")
class Quiet extends Actor {
  async rest(): Promise<void> {}
}

function byName(a: { name: string | undefined }, b: { name: string | undefined }): number {
  return (a.name ?? "").localeCompare(b.name ?? "");
}

it("finds each metric of a silo in docs/observability.md, and no other", async () => {
  const metrics = new CollectedMetrics();
  await using silo = await startSilo({
    cluster: "documented",
    membership: "memory:documented",
    storage: "memory:documented",
    actors: [Quiet],
    metrics,
    logLevel: "error",
  });
  await silo.actor(Quiet, "q").rest();
  const collected = metrics.collect((error) => expect.unreachable(String(error)));
  const docs = await readFile(
    join(import.meta.dirname, "../../../../docs/observability.md"),
    "utf8",
  );
  const rows = [...docs.matchAll(/^\| `(troupe\.[^\n]+)\|$/gm)].map(([row]) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", "")),
  );
  const documented = rows.map(([name, kind, unit, labels, what]) => {
    return {
      name,
      kind,
      unit,
      what,
      labels: ["silo", ...(labels || "").split(", ")].filter(Boolean),
    };
  });
  const found = collected.map(({ kind, info, points }) => {
    const { name, unit, description: what } = info;
    return { name, kind, unit, what, labels: Object.keys(points[0]?.labels ?? {}) };
  });
  expect(documented.toSorted(byName)).toEqual(found.toSorted(byName));
});
