import { type EarlierRelease, EARLIER_COMMIT, earlierRelease } from "./harness/earlier-release.ts";
import {
  type Flavour,
  FLAVOURS,
  locationsOf,
  startServers,
  stopServers,
} from "./harness/backends.ts";
import { Load } from "./harness/load.ts";
import { ProcessCluster } from "./harness/process-cluster.ts";
import { HERE } from "./harness/silo-process.ts";

const SILOS = 3;

/** What an upgrade under load came to. */
interface Upgrade {
  readonly acknowledged: number;
  readonly failed: number;
  /** Lost, doubled, denied, and out of order. */
  readonly wrong: number;
}

/**
 * Replaces the silos of the earlier release by those of today, one by one and under load, on each
 * storage. Exit code 1 if a call failed or went wrong.
 */
async function main(): Promise<number> {
  const earlier = await earlierRelease((text) => console.log(text));
  let isRight = true;
  for (const flavour of FLAVOURS) {
    // oxlint-disable-next-line no-await-in-loop -- one has the machine to itself.
    const { acknowledged, failed, wrong } = await upgrade(flavour, earlier);
    console.log(
      `${flavour}: ${SILOS} silos of ${EARLIER_COMMIT} replaced one by one; ${acknowledged} calls acknowledged, ${failed} failed, ${wrong} lost, doubled or out of order`,
    );
    isRight &&= failed === 0 && wrong === 0;
  }
  return isRight ? 0 : 1;
}

async function upgrade(flavour: Flavour, { command, actors }: EarlierRelease): Promise<Upgrade> {
  const servers = flavour === "servers" ? await startServers({ faults: false }) : undefined;
  let isEarlier = true;
  const cluster = new ProcessCluster((folder) => locationsOf(folder, servers), {
    nextPlace: () => (isEarlier ? { ...HERE, command } : HERE),
  });
  try {
    const old = await Promise.all(
      Array.from({ length: SILOS }, () => cluster.startSilo([], actors)),
    );
    const load = new Load(await cluster.connect());
    await cluster.waitFor("the load is under way", () => load.acknowledged > 100);
    isEarlier = false;
    for (const silo of old) {
      const before = load.acknowledged;
      // oxlint-disable-next-line no-await-in-loop -- one after the other is the point.
      await cluster.stop(silo);
      // oxlint-disable-next-line no-await-in-loop -- one after the other is the point.
      await cluster.startSilo();
      // oxlint-disable-next-line no-await-in-loop -- one after the other is the point.
      await cluster.waitFor("calls go on", () => load.acknowledged > before + 100);
    }
    await load.stop();
    for (const { code, message } of load.failures.slice(0, 5)) console.log(`  ${code}: ${message}`);
    const { lost, doubled, denied, outOfOrder } = await load.check(cluster.journal());
    const wrong = [lost, doubled, denied, outOfOrder].reduce((sum, each) => sum + each.length, 0);
    return { acknowledged: load.acknowledged, failed: load.failures.length, wrong };
  } finally {
    await cluster.dispose();
    if (servers !== undefined) await stopServers(servers);
  }
}

process.exitCode = await main();
