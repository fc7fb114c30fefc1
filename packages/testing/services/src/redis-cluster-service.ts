import { connect } from "node:net";
import { sleep, systemClock } from "@troupe/core";
import { findBinary } from "./find-binary.ts";
import { startLocalService } from "./local-service.ts";
import { prepareServices } from "./start-service.ts";
import { REDIS } from "./redis-service.ts";
import type { ServiceKind, TestService } from "./test-service.ts";

const SLOTS = 16_384;

/** The fewest that Redis calls a cluster. */
const MASTERS = 3;

/** How long the nodes may take to agree. */
const FORM_MS = 20_000;

const CLUSTER_ARGS = [
  "--cluster-enabled",
  "yes",
  "--cluster-config-file",
  "nodes.conf",
  "--cluster-node-timeout",
  "2000",
];

/** A node of a Redis Cluster. It notices soon that another one is gone. */
const NODE: ServiceKind = {
  ...REDIS,
  name: "redis-cluster",
  variable: "TROUPE_TEST_REDIS_CLUSTER",
  localArgs: (place) => [
    ...REDIS.localArgs(place),
    ...CLUSTER_ARGS,
    "--cluster-port",
    String(place.secondPort),
  ],
};

/** A Redis Cluster of local processes: masters that share the slots evenly, without replicas. */
export interface RedisCluster {
  /** `redis+cluster://127.0.0.1:7000,127.0.0.1:7001,127.0.0.1:7002` */
  readonly url: string;
  readonly nodes: readonly TestService[];
  /**
   * Resolves when every node says that the cluster is whole, such as after a node was killed and
   * started again.
   */
  untilWhole(): Promise<void>;
  /** Lets another node have the slot with its keys, while the cluster serves. */
  moveSlot(slot: number, to: number): Promise<void>;
  /** Which node has the slot. */
  ownerOf(slot: number): Promise<number>;
  stop(): Promise<void>;
}

/**
 * Starts a Redis Cluster; it needs a `redis-server` on this machine, since nodes in containers
 * cannot reach each other simply.
 */
export async function startRedisCluster(): Promise<RedisCluster> {
  if (findBinary(NODE.binary) === undefined) await prepareServices([REDIS]);
  const binary = findBinary(NODE.binary);
  if (binary === undefined)
    throw new Error(
      "these tests need a Redis Cluster of local processes: put redis-server on the PATH",
    );
  const nodes: TestService[] = [];
  try {
    for (let index = 0; index < MASTERS; index++) nodes.push(await startLocalService(NODE, binary));
    const cluster = new LocalRedisCluster(nodes);
    await cluster.form();
    return cluster;
  } catch (error) {
    await Promise.all(nodes.map((node) => node.stop()));
    throw error;
  }
}

class LocalRedisCluster implements RedisCluster {
  readonly nodes: readonly TestService[];
  readonly url: string;
  readonly #ports: readonly number[];

  constructor(nodes: readonly TestService[]) {
    this.nodes = nodes;
    this.#ports = nodes.map(({ url }) => Number(new URL(url).port));
    this.url = `redis+cluster://${this.#ports.map((port) => `127.0.0.1:${port}`).join(",")}`;
  }

  async form(): Promise<void> {
    const share = Math.ceil(SLOTS / MASTERS);
    for (const [index, port] of this.#ports.entries()) {
      await ask(
        port,
        `CLUSTER ADDSLOTSRANGE ${index * share} ${Math.min((index + 1) * share, SLOTS) - 1}`,
      );
      await ask(port, `CLUSTER SET-CONFIG-EPOCH ${index + 1}`);
    }
    const [first = 0, ...others] = this.#ports;
    for (const port of others) {
      const [, busPort] = /@(\d+)/.exec(await ask(port, "CLUSTER NODES")) ?? [];
      await ask(first, `CLUSTER MEET 127.0.0.1 ${port} ${busPort}`);
    }
    await this.untilWhole();
  }

  async untilWhole(): Promise<void> {
    const end = systemClock.monotonic() + FORM_MS;
    for (const port of this.#ports) {
      while (!isWhole(await ask(port, "CLUSTER INFO"))) {
        if (systemClock.monotonic() > end)
          throw new Error(`the Redis Cluster ${this.url} is not whole after ${FORM_MS} ms`);
        await sleep(systemClock, 20);
      }
    }
  }

  async ownerOf(slot: number): Promise<number> {
    const ids = await this.#ids();
    const lines = (await ask(this.#ports[0] ?? 0, "CLUSTER NODES")).split("\n");
    const owner = lines.find((line) =>
      line
        .split(" ")
        .slice(8)
        .some((range) => isWithin(slot, range)),
    );
    return ids.indexOf(owner?.split(" ")[0] ?? "");
  }

  async moveSlot(slot: number, to: number): Promise<void> {
    const ids = await this.#ids();
    const from = await this.ownerOf(slot);
    const [source = 0, target = 0] = [this.#ports[from], this.#ports[to]];
    await ask(target, `CLUSTER SETSLOT ${slot} IMPORTING ${ids[from]}`);
    await ask(source, `CLUSTER SETSLOT ${slot} MIGRATING ${ids[to]}`);
    const keys = (await ask(source, `CLUSTER GETKEYSINSLOT ${slot} 1000`))
      .split("\r\n")
      .filter((line) => !/^[*$]|^$/.test(line));
    if (keys.length > 0)
      await ask(source, `MIGRATE 127.0.0.1 ${target} "" 0 5000 KEYS ${keys.join(" ")}`);
    const owners = [
      target,
      source,
      ...this.#ports.filter((port) => port !== target && port !== source),
    ];
    for (const port of owners) await ask(port, `CLUSTER SETSLOT ${slot} NODE ${ids[to]}`);
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  #ids(): Promise<string[]> {
    return Promise.all(
      this.#ports.map(
        async (port) => /[0-9a-f]{40}/.exec(await ask(port, "CLUSTER MYID"))?.[0] ?? "",
      ),
    );
  }
}

function isWhole(info: string): boolean {
  return info.includes("cluster_state:ok") && info.includes(`cluster_known_nodes:${MASTERS}`);
}

function isWithin(slot: number, range: string): boolean {
  const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
  return first !== undefined && slot >= Number(first) && slot <= Number(last);
}

/**
 * What a Redis at the port answers to one command. Its end is known by a second command, whose
 * answer is a word of our own.
 */
function ask(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    socket.once("error", reject);
    socket.on("data", (data) => {
      text += data.toString();
      const end = text.indexOf("+PONG\r\n");
      if (end < 0) return;
      socket.destroy();
      const answer = text.slice(0, end);
      if (answer.startsWith("-")) reject(new Error(`${command}: ${answer}`));
      else resolve(answer);
    });
    socket.write(`${command}\r\nPING\r\n`);
  });
}
