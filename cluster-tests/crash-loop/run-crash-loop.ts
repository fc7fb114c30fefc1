import { messageOf, type Random, type Scheduled, sleep, systemClock } from "@troupe/core";
import { startEtcd, startPostgres, startRedis } from "@troupe/services";
import { seededRandom } from "@troupe/testkit";
import type { Cluster } from "troupe";
import { type Backends, serverLocations } from "../harness/backends.ts";
import { ProcessCluster } from "../harness/process-cluster.ts";
import { Alarms } from "./alarms.ts";
import { Faults } from "./faults.ts";
import { Increments } from "./increments.ts";
import { SteadyCaller } from "./steady-caller.ts";
import { Transfers } from "./transfers.ts";
import { Voyages } from "./voyages.ts";
import type { Workload } from "./workload.ts";

/** Milliseconds between two steps of the load. */
const STEP_MS = 100;

/** Calls that wait for their answer. While there are as many, none are made. */
const WAITING_MAX = 200;

const REPORT_EVERY = 10;

/** How long what is under way may take to come to rest when nothing is killed any more. */
const PATIENCE_MS = 120_000;

/** Longer than any loop takes. */
const AWAKE_MS = 86_400_000;

/** Where the silos of the loop keep state; with a server for it, members are in an etcd. */
export const CRASH_LOOP_STORES = ["embedded", "redis", "postgres"] as const;

export type CrashLoopStore = (typeof CRASH_LOOP_STORES)[number];

export interface CrashLoopOptions {
  readonly store: CrashLoopStore;
  readonly kills: number;
  readonly seed: number;
  readonly report: (line: string) => void;
}

export interface CrashLoopResult {
  /** What was lost, doubled, early or missed; empty if the stores keep their promises. */
  readonly problems: readonly string[];
  /** What was done, in one line. */
  readonly summary: string;
}

/**
 * Kills silos, and the store if it is a server, until that many processes have died under load;
 * then looks at what is left.
 */
export async function runCrashLoop(options: CrashLoopOptions): Promise<CrashLoopResult> {
  // Node.js would end while only the guard's process is waited for, which keeps nobody alive.
  const awake = systemClock.schedule(AWAKE_MS, () => undefined);
  const servers = options.store === "embedded" ? undefined : await startServers(options.store);
  const cluster = new ProcessCluster((folder) => serverLocations(folder, servers), {
    leaseTtl: "3s",
  });
  try {
    const faults = new Faults(cluster, servers?.store, seededRandom(options.seed));
    await faults.mend();
    return await strikeAndCheck({ cluster, faults, client: await cluster.connect() }, options);
  } catch (error) {
    options.report(cluster.logs());
    throw error;
  } finally {
    await cluster.dispose();
    await Promise.all([servers?.etcd.stop(), servers?.store.stop()]);
    awake.cancel();
  }
}

async function startServers(kind: "redis" | "postgres"): Promise<Backends> {
  const startStore = kind === "redis" ? startRedis : startPostgres;
  const [etcd, store] = await Promise.all([
    startEtcd({ faults: true }),
    startStore({ faults: true }),
  ]);
  return { etcd, store };
}

interface Running {
  readonly cluster: ProcessCluster;
  readonly faults: Faults;
  readonly client: Cluster;
}

async function strikeAndCheck(
  { cluster, faults, client }: Running,
  options: CrashLoopOptions,
): Promise<CrashLoopResult> {
  const began = systemClock.monotonic();
  const random = seededRandom(options.seed + 1);
  const caller = new SteadyCaller(client);
  const workloads = workloadsOf(caller, random, cluster);
  const told = (what: string): void => {
    const seconds = Math.round((systemClock.monotonic() - began) / 1_000);
    options.report(
      `${what} in ${seconds} s: ${caller.answered} calls answered, ${caller.repeated} repeated`,
    );
  };

  const stop = startLoad(workloads, caller);
  for (let reported = 0; faults.kills < options.kills;) {
    await faults.strike();
    if (faults.kills - reported < REPORT_EVERY) continue;
    reported = faults.kills;
    told(`${faults.kills} of ${options.kills} kills`);
  }
  stop();
  const left = await untilQuiet(workloads, { caller, faults });
  told(`${faults.kills} kills, ${faults.storeKills} of them of the store, and all is quiet`);

  const found = await Promise.allSettled(workloads.map((workload) => workload.problems()));
  const done = workloads.map((workload) => workload.summary()).join(", ");
  const seconds = Math.round((systemClock.monotonic() - began) / 1_000);
  return {
    problems: [
      ...left,
      ...caller.problems,
      ...found.flatMap((one) => (one.status === "fulfilled" ? one.value : [messageOf(one.reason)])),
    ],
    summary: `${options.store}: ${faults.kills} kills (${faults.storeKills} of the store) in ${seconds} s; ${done}; ${caller.repeated} calls repeated`,
  };
}

function workloadsOf(
  caller: SteadyCaller,
  random: Random,
  cluster: ProcessCluster,
): readonly Workload[] {
  return [
    new Increments(caller),
    new Transfers(caller, random),
    new Alarms(caller, { random, journal: () => cluster.journal() }),
    new Voyages(caller, () => cluster.journal()),
  ];
}

/** Steps every workload again and again, until it is told to stop. */
function startLoad(workloads: readonly Workload[], caller: SteadyCaller): () => void {
  let timer: Scheduled | undefined;
  const step = (): void => {
    timer = systemClock.schedule(STEP_MS, step);
    if (caller.waiting < WAITING_MAX) for (const workload of workloads) workload.step();
  };
  step();
  return () => timer?.cancel();
}

/**
 * Waits until every call was answered and nothing is under way; gives what never comes to an end.
 */
async function untilQuiet(
  workloads: readonly Workload[],
  { caller, faults }: { readonly caller: SteadyCaller; readonly faults: Faults },
): Promise<readonly string[]> {
  const end = systemClock.monotonic() + PATIENCE_MS;
  for (;;) {
    await sleep(systemClock, STEP_MS);
    // A step of a workflow may still end its silo.
    await faults.mend();
    const underWay = await whatIsUnderWay(workloads, caller);
    if (underWay.length === 0) return [];
    if (systemClock.monotonic() > end)
      return underWay.map((one) => `after ${PATIENCE_MS / 1_000} s without kills ${one}`);
  }
}

async function whatIsUnderWay(
  workloads: readonly Workload[],
  caller: SteadyCaller,
): Promise<readonly string[]> {
  if (caller.waiting > 0) return [`${caller.waiting} calls are not answered`];
  try {
    return (await Promise.all(workloads.map((workload) => workload.underWay()))).flat();
  } catch (error) {
    // A silo that was killed last may not be missed yet.
    return [`the actors cannot be asked: ${messageOf(error)}`];
  }
}
