import { sleep, systemClock } from "@troupe/core";
import type { Fault, Scene } from "./fault.ts";
import { leaseMs } from "./fault.ts";

/** Beyond the end of a lease: long enough for the others to see it, and to take over. */
const BEYOND_MS = 1_500;

/**
 * The part of a lease for which a silo may stop and still hold it, since it renews the lease four
 * times in that time.
 */
const BRIEF_SHARE = 0.5;

/** An operation that is none of the load's, which counts from 1. */
const EXTRA_OPERATION = 0;

async function freezeFor(scene: Scene, ms: number): Promise<readonly string[]> {
  const { cluster } = scene.arena;
  await cluster.freeze(scene.victim);
  await sleep(systemClock, ms);
  cluster.thaw(scene.victim);
  return [];
}

/** A turn that never yields: what waits in the silo meanwhile must not run when it is over. */
async function spin(scene: Scene): Promise<readonly string[]> {
  const { load, ledger } = scene;
  const ms = leaseMs(scene) + BEYOND_MS;
  const spun = load
    .ledger(ledger)
    .recordSpinning(EXTRA_OPERATION, ms)
    .then(
      () => "was acknowledged",
      (error: unknown) => (error as { readonly code?: string }).code,
    );
  await sleep(systemClock, ms);
  const outcome = await spun;
  const stored = await load.ledger(ledger).read();
  const problems: string[] = [];
  if (outcome !== "SILO_LOST")
    problems.push(`a turn that blocked its silo beyond the lease ended with ${outcome}`);
  if (stored.length > 0)
    problems.push("a turn that ended after its silo had lost its lease was stored");
  return problems;
}

export const PROCESS_FAULTS: readonly Fault[] = [
  {
    name: "silo: SIGTERM, another in its place",
    reach: "none",
    excused: [],
    async strike({ arena, victim }) {
      const { code } = await arena.cluster.stop(victim);
      return code === 0 ? [] : [`a silo that was asked to drain ended with ${code}`];
    },
  },
  {
    name: "silo: SIGKILL",
    reach: "victim",
    excused: ["SILO_LOST"],
    stalls: true,
    async strike({ arena, victim }) {
      await arena.cluster.kill(victim);
      return [];
    },
  },
  {
    name: "silo: SIGSTOP for half of its lease",
    reach: "victim",
    excused: [],
    stalls: true,
    strike: (scene) => freezeFor(scene, leaseMs(scene) * BRIEF_SHARE),
  },
  {
    name: "silo: SIGSTOP beyond its lease",
    reach: "victim",
    excused: ["SILO_LOST"],
    stalls: true,
    strike: (scene) => freezeFor(scene, leaseMs(scene) + BEYOND_MS),
  },
  {
    name: "silo: event loop blocked beyond its lease",
    reach: "victim",
    excused: ["SILO_LOST"],
    stalls: true,
    strike: spin,
  },
];
