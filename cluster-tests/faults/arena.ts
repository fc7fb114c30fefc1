import { join } from "node:path";
import {
  type EtcdCluster,
  type ExtraArgs,
  startEtcd,
  startEtcdCluster,
  startRedis,
  type TestService,
} from "@troupe/services";
import type { Cluster } from "troupe";
import { NamespaceNetwork, type NetworkHost } from "../harness/namespace-network.ts";
import { ProcessCluster } from "../harness/process-cluster.ts";
import { HERE, type SiloPlace, type SiloProcess } from "../harness/silo-process.ts";
import { WallClock } from "../harness/wall-clock.ts";

const SILOS = 3;

export interface ArenaOptions {
  readonly leaseTtl: string;
  /**
   * Silos that go on while they cannot know whether they hold their leases. For a look at the
   * checks themselves.
   */
  readonly serveInDoubt?: boolean;
  /** Every silo in a network namespace of its own. */
  readonly namespaces?: boolean;
  /** An etcd of three members instead of one. */
  readonly etcdMembers?: boolean;
  /** Every silo with a wall clock of its own. */
  readonly clocks?: boolean;
}

interface Parts {
  readonly network: NamespaceNetwork | undefined;
  readonly etcd: readonly TestService[];
  readonly etcdCluster: EtcdCluster | undefined;
  readonly redis: TestService;
}

/** A cluster of three silos with servers of its own, in which faults happen one after the other. */
export class Arena implements AsyncDisposable {
  readonly options: ArenaOptions;
  readonly cluster: ProcessCluster;
  readonly redis: TestService;
  /** One, or three. */
  readonly etcd: readonly TestService[];
  readonly #parts: Parts;
  readonly #clocks: WallClock[] = [];
  #client: Cluster | undefined;
  #trials = 0;

  static async open(options: ArenaOptions): Promise<Arena> {
    const network = options.namespaces === true ? new NamespaceNetwork() : undefined;
    const hosts = network === undefined ? ["127.0.0.1"] : ["127.0.0.1", network.address];
    const listen = listenOn(hosts);
    const [etcdCluster, etcd, redis] = await Promise.all([
      options.etcdMembers === true ? startEtcdCluster(listen.etcd) : undefined,
      options.etcdMembers === true ? undefined : startEtcd({ faults: true, args: listen.etcd }),
      startRedis({ faults: true, args: listen.redis }),
    ]);
    const members = etcdCluster?.members ?? (etcd === undefined ? [] : [etcd]);
    const arena = new Arena(options, { network, etcd: members, etcdCluster, redis });
    try {
      await arena.cluster.start(SILOS);
      arena.#client = await arena.cluster.connect();
      return arena;
    } catch (error) {
      const logs = arena.cluster.logs();
      await arena.dispose();
      throw new Error(`the cluster did not start:\n${logs}`, { cause: error });
    }
  }

  private constructor(options: ArenaOptions, parts: Parts) {
    this.options = options;
    this.#parts = parts;
    this.etcd = parts.etcd;
    this.redis = parts.redis;
    const host = parts.network?.address ?? "127.0.0.1";
    const etcd = this.etcd.map(({ url }) => `${host}:${portOf(url)}`).join(",");
    const locations = {
      membership: `etcd://${etcd}`,
      storage: `redis://${host}:${portOf(this.redis.url)}`,
    };
    this.cluster = new ProcessCluster(() => locations, {
      leaseTtl: options.leaseTtl,
      nextPlace: () => this.#nextPlace(),
    });
  }

  get client(): Cluster {
    if (this.#client === undefined) throw new Error("the arena is not open");
    return this.#client;
  }

  /** The namespaces of the silos. */
  get network(): NamespaceNetwork {
    if (this.#parts.network === undefined)
      throw new Error("this arena was opened without namespaces");
    return this.#parts.network;
  }

  get etcdCluster(): EtcdCluster {
    if (this.#parts.etcdCluster === undefined)
      throw new Error("this arena was opened with an etcd of one member");
    return this.#parts.etcdCluster;
  }

  /** Different in each trial, for the names of its actors. */
  nextName(): string {
    return `trial-${++this.#trials}`;
  }

  hostOf(silo: SiloProcess): NetworkHost {
    const host = this.network.hostAt(silo.place.environment.SILO_HOST ?? "");
    if (host === undefined) throw new Error(`process ${silo.pid} has no host of its own`);
    return host;
  }

  clockOf(silo: SiloProcess): WallClock {
    const clock = this.#clocks.find(({ environment }) => environment === silo.place.environment);
    if (clock === undefined) throw new Error(`process ${silo.pid} has no clock of its own`);
    return clock;
  }

  /** Starts silos in the place of those that ended, and waits until all serve. */
  async mend(): Promise<void> {
    const missing = SILOS - this.cluster.silos.length;
    if (missing > 0) await this.cluster.start(missing);
    await this.cluster.waitFor("all silos serve", async () => {
      const snapshots = await this.cluster.snapshots(this.client);
      return (
        snapshots.length === SILOS &&
        snapshots.every(({ serving, state }) => serving && state === "active")
      );
    });
  }

  async dispose(): Promise<void> {
    try {
      await this.cluster.dispose();
    } finally {
      await Promise.all([...this.etcd, this.redis].map((service) => service.stop()));
      await this.#parts.network?.dispose();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  #nextPlace(): SiloPlace {
    const policy = this.options.serveInDoubt === true ? ["--lease-policy", "available"] : [];
    if (this.#parts.network !== undefined) {
      const { namespace, address } = this.#parts.network.addHost();
      const flags = ["--listen", `${address}:7100`, "--allow-insecure", ...policy];
      return {
        within: ["ip", "netns", "exec", namespace],
        flags,
        environment: { SILO_HOST: address },
      };
    }
    if (this.options.clocks !== true) return { ...HERE, flags: policy };
    const clock = new WallClock(join(this.cluster.folder, `clock-${this.#clocks.length}`));
    this.#clocks.push(clock);
    return { ...HERE, flags: policy, environment: clock.environment };
  }
}

/** What makes the servers listen on several addresses of this machine, and nowhere else. */
function listenOn(hosts: readonly string[]): {
  readonly etcd: ExtraArgs;
  readonly redis: readonly string[];
} {
  return {
    etcd: (port) => [
      `--listen-client-urls=${hosts.map((host) => `http://${host}:${port}`).join(",")}`,
    ],
    // Its protected mode takes calls from the loopback interface only, whatever it listens on.
    redis: ["--bind", ...hosts, "--protected-mode", "no"],
  };
}

export function portOf(url: string): number {
  return Number(new URL(url).port);
}
