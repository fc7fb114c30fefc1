import { Counter } from "../actors/counters.ts";
import type { BenchContext } from "../bench.ts";
import { rateOfAll } from "../measuring/call-rate.ts";
import { median } from "../measuring/median.ts";
import { SiloCluster } from "./silo-cluster.ts";

/** As many processes as two cores carry. */
const SILOS = 6;
const ACTORS_EACH = 10_000;
const IN_FLIGHT = 256;

export interface Moves {
  /** Actors that lived on the silo that left. */
  readonly actors: number;
  /** From its signal to leave until each of them has answered from somewhere else. */
  readonly ms: number;
  /** CPU that the change and the calls cost each silo that stayed, and each actor that moved. */
  readonly cpuMsEachSilo: number;
  readonly cpuMicrosEachActor: number;
}

/** Real silos: one of them drains, and its actors are called until all live elsewhere. */
export async function movesOfOneLeaver(context: BenchContext): Promise<Moves> {
  const { quick, rounds } = context;
  const silos = quick ? 2 : SILOS;
  const actors = (quick ? 50 : ACTORS_EACH) * silos;
  await using cluster = await SiloCluster.start(context, { silos, durable: false });
  const found: Moves[] = [];
  for (let round = 1; round <= rounds; round++) {
    const moves = await oneRound(context, cluster, actors);
    found.push(moves);
    context.progress(
      `round ${round} of ${rounds}: ${moves.actors} actors moved in ${Math.round(moves.ms)} ms`,
    );
    await cluster.add();
  }
  return {
    actors: median(found.map((moves) => moves.actors)),
    ms: median(found.map((moves) => moves.ms)),
    cpuMsEachSilo: median(found.map((moves) => moves.cpuMsEachSilo)),
    cpuMicrosEachActor: median(found.map((moves) => moves.cpuMicrosEachActor)),
  };
}

async function oneRound(
  { clock }: BenchContext,
  cluster: SiloCluster,
  actors: number,
): Promise<Moves> {
  const load = { clock, inFlight: IN_FLIGHT };
  const pidOf = (index: number): Promise<number> =>
    cluster.cluster.actor(Counter, `counter-${index}`).pid();
  const leaver = cluster.silos[0];
  if (leaver === undefined) throw new Error("there is no silo");
  const owned: number[] = [];
  await rateOfAll(load, actors, async (index) => {
    if ((await pidOf(index)) === leaver.pid) owned.push(index);
  });
  cluster.forget(leaver);
  const used = async (): Promise<number> =>
    (await Promise.all(cluster.silos.map((silo) => silo.cpu()))).reduce((sum, cpu) => sum + cpu, 0);
  const before = await used();
  const start = clock.monotonic();
  leaver.signal("SIGTERM");
  for (let left = owned; left.length > 0;) {
    const stayed: number[] = [];
    await rateOfAll(load, left.length, async (place) => {
      const index = left[place] ?? 0;
      if ((await pidOf(index)) === leaver.pid) stayed.push(index);
    });
    left = stayed;
  }
  const ms = clock.monotonic() - start;
  const cpuMicros = (await used()) - before;
  await leaver.exited();
  return {
    actors: owned.length,
    ms,
    cpuMsEachSilo: cpuMicros / 1_000 / cluster.silos.length,
    cpuMicrosEachActor: cpuMicros / owned.length,
  };
}
