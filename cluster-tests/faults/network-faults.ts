import { sleep, systemClock } from "@troupe/core";
import type { Cut } from "../harness/namespace-network.ts";
import { portOf } from "./arena.ts";
import { type Fault, leaseMs, type Scene } from "./fault.ts";

/** Longer than a link may be silent, which is three seconds. */
const SILOS_CUT_MS = 4_000;

/** Longer than a store may take to answer. */
const STORE_CUT_MS = 3_000;

const BEYOND_MS = 1_500;

const CUTS: readonly (readonly [Cut, string])[] = [
  ["there", "requests lost"],
  ["back", "answers lost"],
  ["both", "both ways"],
];

const SILO_CUTS: readonly (readonly [Cut, string])[] = [
  ["there", "one way"],
  ["both", "both ways"],
];

async function cutFor(scene: Scene, ms: number, cut: () => void): Promise<readonly string[]> {
  cut();
  await sleep(systemClock, ms);
  scene.arena.network.heal();
  return [];
}

/**
 * Packets between two ends are dropped and nobody is told. Every silo has a namespace of its own,
 * so these need root and `ip netns`.
 */
export const NETWORK_FAULTS: readonly Fault[] = [
  ...SILO_CUTS.map(([cut, words]): Fault => ({
    name: `network: silo–silo cut, ${words}`,
    needs: "namespaces",
    reach: "pair",
    excused: ["SILO_LOST"],
    strike: (scene) => {
      const { arena, caller, victim } = scene;
      return cutFor(scene, SILOS_CUT_MS, () =>
        arena.network.cutHosts(arena.hostOf(caller), arena.hostOf(victim), cut),
      );
    },
  })),
  ...CUTS.map(([cut, words]): Fault => ({
    name: `network: silo–etcd cut, ${words}`,
    needs: "namespaces",
    reach: "victim",
    excused: ["SILO_LOST"],
    strike: (scene) => {
      const { arena, victim } = scene;
      const ports = arena.etcd.map(({ url }) => portOf(url));
      return cutFor(scene, leaseMs(scene) + BEYOND_MS, () =>
        arena.network.cutServers(arena.hostOf(victim), ports, cut),
      );
    },
  })),
  ...CUTS.map(([cut, words]): Fault => ({
    name: `network: silo–Redis cut, ${words}`,
    needs: "namespaces",
    reach: "victim",
    excused: ["STORE_UNAVAILABLE"],
    strike: (scene) => {
      const { arena, victim } = scene;
      const ports = [portOf(arena.redis.url)];
      return cutFor(scene, STORE_CUT_MS, () =>
        arena.network.cutServers(arena.hostOf(victim), ports, cut),
      );
    },
  })),
];
