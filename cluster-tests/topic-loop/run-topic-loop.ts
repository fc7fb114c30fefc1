import { fileURLToPath } from "node:url";
import { messageOf, sleep, systemClock } from "@troupe/core";
import { seededRandom } from "@troupe/testkit";
import type { Cluster } from "troupe";
import { TickCounter, type TickReport, ticks, TickSource } from "../actors/ticks.ts";
import type { ProcessCluster } from "../harness/process-cluster.ts";

export interface TopicLoopOptions {
  readonly cluster: ProcessCluster;
  /** Silos that are killed, one after the other. */
  readonly kills: number;
  readonly seed: number;
  readonly report: (line: string) => void;
}

export interface TopicLoopResult {
  /** Events that were published, by programs and by actors. */
  readonly events: number;
  /** What was lost, doubled or out of order. */
  readonly problems: readonly string[];
}

const SILOS = 3;

/** What the silos host. */
const ACTORS = fileURLToPath(new URL("../actors/ticks.ts", import.meta.url));

/** Keys of each kind of publisher. */
const KEYS = 6;

/** Between two events of one publisher, so that the loop measures correctness and not speed. */
const PAUSE_MS = 10;

const FAILED_MS = 100;

/** At most so long a silo lives after another has started. */
const LIFE_MS = 400;

/**
 * Kills silos with SIGKILL while programs and actors publish, and counts each effect: an event is
 * to take effect once in its counter, in the order of its key.
 */
export async function runTopicLoop(options: TopicLoopOptions): Promise<TopicLoopResult> {
  const { cluster, kills, seed, report } = options;
  const random = seededRandom(seed);
  await Promise.all(Array.from({ length: SILOS }, () => cluster.startSilo([], ACTORS)));
  const client = await cluster.connect();
  const loop = { isOver: false };
  const publishers = Array.from({ length: KEYS }, (_, key) => [
    program(client, `program-${key}`, loop),
    source(client, `source-${key}`, loop),
  ]).flat();
  for (let kill = 1; kill <= kills; kill++) {
    // oxlint-disable-next-line no-await-in-loop -- one silo after the other.
    await sleep(systemClock, random.next() * LIFE_MS);
    const victim = cluster.silos[Math.floor(random.next() * cluster.silos.length)];
    // oxlint-disable-next-line no-await-in-loop -- as above.
    if (victim !== undefined) await cluster.kill(victim);
    // oxlint-disable-next-line no-await-in-loop -- as above.
    await cluster.startSilo([], ACTORS);
    if (kill % 10 === 0 || kill === kills) report(`${kill} kills`);
  }
  loop.isOver = true;
  const published = new Map(await Promise.all(publishers));
  const problems: string[] = [];
  for (const [id, count] of published) {
    let found: TickReport = { next: 0, faults: [] };
    try {
      // oxlint-disable-next-line no-await-in-loop -- all have the same events under way.
      await cluster.waitFor(`${id} has its ${count} events`, async () => {
        found = await client.actor(TickCounter, id).read();
        return found.next + found.faults.length >= count;
      });
    } catch (error) {
      problems.push(messageOf(error));
    }
    if (found.next !== count) problems.push(`${id} has ${found.next} of ${count} events`);
    problems.push(...found.faults.map((fault) => `${id}: ${fault}`));
  }
  return { events: [...published.values()].reduce((sum, count) => sum + count, 0), problems };
}

interface Loop {
  isOver: boolean;
}

/** Publishes each event until that is acknowledged, under one id. */
async function program(client: Cluster, to: string, loop: Loop): Promise<[string, number]> {
  for (let n = 0; ; n++) {
    if (loop.isOver) return [to, n];
    // oxlint-disable-next-line no-await-in-loop -- in their order.
    await untilDone(() => client.publish(ticks, { to, n }, { key: to, id: `${to} ${n}` }));
  }
}

/** Has an actor publish. It counts what it has published, also by calls whose answers were lost. */
async function source(client: Cluster, id: string, loop: Loop): Promise<[string, number]> {
  const actor = client.actor(TickSource, id);
  while (!loop.isOver) {
    // oxlint-disable-next-line no-await-in-loop -- in their order.
    await untilDone(() => actor.tick());
  }
  let count = 0;
  await untilDone(async () => {
    count = await actor.read();
  });
  return [id, count];
}

async function untilDone(work: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- each try follows the one before.
      await work();
      // oxlint-disable-next-line no-await-in-loop -- as above.
      return await sleep(systemClock, PAUSE_MS);
    } catch {
      // oxlint-disable-next-line no-await-in-loop -- as above.
      await sleep(systemClock, FAILED_MS);
    }
  }
}
