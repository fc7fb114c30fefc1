import { fileURLToPath } from "node:url";
import { AdminClient } from "@troupe/admin";
import type { Cluster } from "troupe";
import {
  type Flavour,
  FLAVOURS,
  locationsOf,
  startServers,
  stopServers,
} from "./harness/backends.ts";
import { BankLoad } from "./harness/bank-load.ts";
import { ProcessCluster } from "./harness/process-cluster.ts";

const SILOS = 3;

/** Each release of the bank, to the next one and back. */
const RELEASES = ["next-account", "account"].map((name) =>
  fileURLToPath(new URL(`../examples/bank/src/${name}.ts`, import.meta.url)),
);
const FIRST = RELEASES[1] ?? "";

/** A deployment may move an actor so often. */
const MOVES_MAX = 2;

/** What the deployments of the bank came to. */
interface Outcome {
  readonly transfers: number;
  readonly failures: readonly string[];
  /** Of one actor in one deployment, at most. */
  readonly moves: number;
  readonly isWhole: boolean;
}

/**
 * Deploys the bank's next release and goes back again, under load, on each storage: three new
 * silos are started before the three old ones are stopped. Exit code 1 if a call failed, money was
 * lost or made, or an actor moved more than twice.
 */
async function main(): Promise<number> {
  let isRight = true;
  for (const flavour of FLAVOURS) {
    // oxlint-disable-next-line no-await-in-loop -- one has the machine to itself.
    const { transfers, failures, moves, isWhole } = await deploy(flavour);
    console.log(
      `${flavour}: the bank was deployed and went back; ${transfers} transfers made, ${failures.length} failed, money ${isWhole ? "conserved" : "NOT conserved"}, moves of an actor in a deployment: at most ${moves}`,
    );
    for (const failure of failures.slice(0, 10)) console.error(failure);
    isRight &&= failures.length === 0 && isWhole && moves <= MOVES_MAX;
  }
  return isRight ? 0 : 1;
}

async function deploy(flavour: Flavour): Promise<Outcome> {
  const servers = flavour === "servers" ? await startServers({ faults: false }) : undefined;
  const cluster = new ProcessCluster((folder) => locationsOf(folder, servers));
  try {
    await Promise.all(Array.from({ length: SILOS }, () => cluster.startSilo([], FIRST)));
    const client = await cluster.connect();
    const bank = new BankLoad(client);
    await bank.open();
    const work = bank.work();
    let most = 0;
    for (const release of RELEASES) {
      // oxlint-disable-next-line no-await-in-loop -- one deployment after the other.
      most = Math.max(most, ...(await movesIn(client, () => replaceAll(cluster, release))));
    }
    bank.close();
    await work;
    await cluster.waitFor("all money has arrived", () => bank.isWhole());
    const { transfers, failures } = bank;
    return { transfers, failures, moves: most, isWhole: await bank.isWhole() };
  } finally {
    await cluster.dispose();
    if (servers !== undefined) await stopServers(servers);
  }
}

async function replaceAll(cluster: ProcessCluster, release: string): Promise<void> {
  const old = cluster.silos;
  await Promise.all(old.map(() => cluster.startSilo([], release)));
  for (const silo of old) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other is the point.
    await cluster.stop(silo);
  }
}

/**
 * How often each account moved while `work` was done: it is looked where they are, all the time.
 */
async function movesIn(client: Cluster, work: () => Promise<void>): Promise<number[]> {
  const places = new Map<string, string>();
  const moves = new Map<string, number>();
  const end = new AbortController();
  const look = async (): Promise<void> => {
    for (const [id, [siloId, another]] of await whereAccountsAre(client)) {
      // The silos were asked one after the other, and it moved meanwhile.
      if (siloId === undefined || another !== undefined) continue;
      if (places.has(id) && places.get(id) !== siloId) moves.set(id, (moves.get(id) ?? 0) + 1);
      places.set(id, siloId);
    }
  };
  const looking = (async () => {
    // oxlint-disable-next-line no-await-in-loop -- one look after the other.
    while (!end.signal.aborted) await look();
  })();
  await work();
  end.abort();
  await looking;
  await look();
  return [...moves.values()];
}

/** The silos that say that they have each account. */
async function whereAccountsAre(client: Cluster): Promise<Map<string, string[]>> {
  const admin = new AdminClient(client);
  const places = new Map<string, string[]>();
  const ask = async (siloId: string): Promise<void> => {
    for await (const { id } of admin.activations(siloId, { type: "Account" }))
      places.set(id, [...(places.get(id) ?? []), siloId]);
  };
  // One that has just left answers no more.
  await Promise.allSettled(admin.silos.map(({ siloId }) => ask(siloId)));
  return places;
}

process.exitCode = await main();
