import type { Bench, BenchContext, Measurement } from "../bench.ts";
import { median } from "../measuring/median.ts";
import { BenchChild } from "../programs/child-process.ts";
import type { ClientTask } from "../programs/client-program.ts";
import { SiloCluster } from "./silo-cluster.ts";

const SILOS = [1, 2, 4] as const;
const CLIENTS = 2;
const FEW_ACTORS = 1_000;
const MANY_ACTORS = 50_000;

/** What a call to one of many actors may cost, against one of few. */
const MANY_COST_MAX = 1.4;

const FEW_LOAD = "4 silos";
const MANY_LOAD = `4 silos, ${MANY_ACTORS.toLocaleString("en")} actors`;

/**
 * Of each client on its link to each silo. Were they fewer with more silos, frames would be, too,
 * and a bare stream would lose as much.
 */
const IN_FLIGHT_EACH = 128;

/** For each silo: its code is compiled while it runs, and it gets a share of the calls only. */
const WARM_UP_MS = 1_500;

/**
 * What more silos and more actors change. On a machine with few cores more silos cannot be faster,
 * but must not be slower.
 */
export const scale: Bench = {
  name: "scale",
  what: "calls of 2 client processes to 1,000 actors on 4 silos, 128 in flight on each link; against the same to 1 silo",
  unit: "calls/s",
  target: { of: "ratio", sense: "at-least", limit: 1 },
  measure,
};

interface Load {
  readonly rate: number;
  /** Of all silos and clients together. */
  readonly cpuMicrosEach: number;
}

async function measure(context: BenchContext): Promise<Measurement> {
  const rounds: Record<string, Load>[] = [];
  for (let round = 1; round <= context.rounds; round++) {
    rounds.push(await oneRound(context));
    const shown = Object.entries(rounds.at(-1) ?? {}).map(
      ([of, { rate }]) => `${of}: ${Math.round(rate)}`,
    );
    context.progress(`round ${round} of ${context.rounds}: ${shown.join(", ")}`);
  }
  const rates = (name: string): number[] => rounds.map((round) => round[name]?.rate ?? 0);
  const [first, last] = [rates("1 silo"), rates(FEW_LOAD)];
  const costOfMany = median(
    rounds.map((round) => cpuOf(round[MANY_LOAD]) / cpuOf(round[FEW_LOAD])),
  );
  const names = Object.keys(rounds[0] ?? {});
  return {
    value: median(last),
    baseline: median(first),
    ratio: median(last.map((rate, round) => rate / (first[round] ?? Number.NaN))),
    checks: [
      {
        what: `CPU of a call with ${MANY_ACTORS.toLocaleString("en")} actors, against that with ${FEW_ACTORS.toLocaleString("en")}`,
        value: costOfMany,
        sense: "at-most",
        limit: MANY_COST_MAX,
      },
    ],
    details: {
      rates: Object.fromEntries(names.map((name) => [name, Math.round(median(rates(name)))])),
      cpuMicrosEach: Object.fromEntries(
        names.map((name) => [
          name,
          Math.round(100 * median(rounds.map((round) => cpuOf(round[name])))) / 100,
        ]),
      ),
      rounds,
    },
  };
}

function cpuOf(load: Load | undefined): number {
  return load?.cpuMicrosEach ?? Number.NaN;
}

async function oneRound(context: BenchContext): Promise<Record<string, Load>> {
  await using cluster = await SiloCluster.start(context, { silos: 0, durable: false });
  const { cluster: name, membership } = cluster.argument;
  await cluster.add();
  const clients = Array.from(
    { length: CLIENTS },
    () =>
      new BenchChild({
        program: "client-program.js",
        argument: { cluster: name, membership },
        profile: context.profile,
      }),
  );
  try {
    await Promise.all(clients.map((client) => client.next()));
    const loads: Record<string, Load> = {};
    for (const silos of SILOS) {
      while (cluster.silos.length < silos) await cluster.add();
      const inFlight = IN_FLIGHT_EACH * silos;
      const of = silos === 1 ? "1 silo" : `${silos} silos`;
      loads[of] = await loadOf(context, { cluster, clients, actors: FEW_ACTORS, inFlight });
    }
    const all = { cluster, clients, inFlight: IN_FLIGHT_EACH * cluster.silos.length };
    loads[MANY_LOAD] = await loadOf(context, {
      ...all,
      actors: MANY_ACTORS,
    });
    loads["4 silos, as few calls as with one"] = await loadOf(context, {
      ...all,
      actors: FEW_ACTORS,
      inFlight: IN_FLIGHT_EACH,
    });
    return loads;
  } finally {
    await Promise.all(clients.map((client) => client.stop()));
  }
}

interface Parts {
  readonly cluster: SiloCluster;
  readonly clients: readonly BenchChild[];
  readonly actors: number;
  /** Of each client. */
  readonly inFlight: number;
}

async function loadOf(
  { quick }: BenchContext,
  { cluster: { silos }, clients, actors, inFlight }: Parts,
): Promise<Load> {
  const run = async (durationMs: number): Promise<number> => {
    const task: ClientTask = { actors: quick ? 100 : actors, inFlight, durationMs };
    const rates = await Promise.all(clients.map((client) => client.ask({ ...task })));
    return rates.reduce<number>((sum, rate) => sum + Number(rate), 0);
  };
  const processes = [...silos, ...clients];
  const used = async (): Promise<number> =>
    (await Promise.all(processes.map((one) => one.cpu()))).reduce((sum, micros) => sum + micros, 0);
  await run(quick ? 100 : WARM_UP_MS * silos.length);
  const durationMs = quick ? 100 : 2_000;
  const before = await used();
  const rate = await run(durationMs);
  const calls = (rate * durationMs) / 1_000;
  return { rate, cpuMicrosEach: ((await used()) - before) / calls };
}
