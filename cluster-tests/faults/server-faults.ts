import { sleep, systemClock } from "@troupe/core";
import type { TestService } from "@troupe/services";
import { type Fault, leaseMs, type Scene } from "./fault.ts";

const BRIEFLY_MS = 500;

/** Longer than a store may take to answer. */
const HANGS_MS = 3_000;

const BEYOND_MS = 1_500;

/** For a new leader, with room for a slow machine. */
const WITHOUT_LEADER_MS = 3_000;

async function killFor(service: TestService, ms: number): Promise<readonly string[]> {
  await service.kill();
  await sleep(systemClock, ms);
  await service.restart();
  return [];
}

async function pauseFor(services: readonly TestService[], ms: number): Promise<readonly string[]> {
  await Promise.all(services.map((service) => service.pause()));
  await sleep(systemClock, ms);
  await Promise.all(services.map((service) => service.resume()));
  return [];
}

async function killAllFor({ arena }: Scene, ms: number): Promise<readonly string[]> {
  await Promise.all(arena.etcd.map((service) => service.kill()));
  await sleep(systemClock, ms);
  await Promise.all(arena.etcd.map((service) => service.restart()));
  return [];
}

export const SERVER_FAULTS: readonly Fault[] = [
  {
    name: "etcd: leader of three killed",
    needs: "etcdMembers",
    reach: "none",
    excused: [],
    strike: async ({ arena }) => killFor(await arena.etcdCluster.leader(), WITHOUT_LEADER_MS),
  },
  {
    name: "etcd: killed, back before the leases end",
    reach: "none",
    excused: [],
    strike: (scene) => killAllFor(scene, BRIEFLY_MS),
  },
  {
    name: "etcd: killed, back after the leases' time",
    reach: "all",
    excused: ["SILO_LOST"],
    strike: (scene) => killAllFor(scene, leaseMs(scene) + BEYOND_MS),
  },
  {
    name: "etcd: SIGSTOP beyond the leases",
    reach: "all",
    excused: ["SILO_LOST"],
    strike: (scene) => pauseFor(scene.arena.etcd, leaseMs(scene) + BEYOND_MS),
  },
  {
    name: "Redis: killed and restarted",
    reach: "all",
    excused: ["STORE_UNAVAILABLE"],
    strike: ({ arena }) => killFor(arena.redis, BRIEFLY_MS),
  },
  {
    name: "Redis: SIGSTOP",
    reach: "all",
    excused: ["STORE_UNAVAILABLE"],
    strike: ({ arena }) => pauseFor([arena.redis], HANGS_MS),
  },
];
