import { DurableCounter } from "../actors/counters.ts";
import type { BenchContext, Check } from "../bench.ts";
import { PacedCallers } from "../measuring/paced-callers.ts";
import type { SiloCluster } from "./silo-cluster.ts";

const PAUSE_MS = 10;

/** Callers of durable counters, one each, and whether every answer of theirs was true. */
export class DurableLoad {
  readonly callers: PacedCallers;
  readonly #counters: readonly ReturnType<typeof counterOf>[];

  static async start(
    { clock }: BenchContext,
    { cluster }: SiloCluster,
    actors: number,
  ): Promise<DurableLoad> {
    const counters = Array.from({ length: actors }, (_, index) => counterOf(cluster, index));
    await Promise.all(counters.map((counter) => counter.read()));
    const load = new PacedCallers({ clock, callers: actors, pauseMs: PAUSE_MS }, async (index) =>
      counters[index]?.add(1),
    );
    return new DurableLoad(load, counters);
  }

  private constructor(callers: PacedCallers, counters: readonly ReturnType<typeof counterOf>[]) {
    this.callers = callers;
    this.#counters = counters;
  }

  /** Which callers' actors live in the process. */
  async onProcess(pid: number | undefined): Promise<number[]> {
    const pids = await Promise.all(this.#counters.map((counter) => counter.pid()));
    return pids.flatMap((one, index) => (one === pid ? index : []));
  }

  /** Stops the calls, and compares what was acknowledged with what is there. */
  async checks(): Promise<Check[]> {
    await this.callers.stop();
    const totals = await Promise.all(this.#counters.map((counter) => counter.read()));
    let lost = 0;
    let doubled = 0;
    for (const [index, { acknowledged, unknown }] of this.callers.records.entries()) {
      const total = totals[index] ?? 0;
      lost += Math.max(0, acknowledged - total);
      doubled += Math.max(0, total - acknowledged - unknown);
    }
    return [
      { what: "acknowledged turns that were lost", value: lost, sense: "at-most", limit: 0 },
      { what: "turns that ran twice", value: doubled, sense: "at-most", limit: 0 },
    ];
  }
}

function counterOf(cluster: SiloCluster["cluster"], index: number) {
  return cluster.actor(DurableCounter, `counter-${index}`);
}
