import { join } from "node:path";
import { randomId, silentLogger, systemRandom } from "@troupe/core";
import { type Cluster, connect } from "troupe";
import { Counter, DurableCounter } from "../actors/counters.ts";
import type { BenchContext } from "../bench.ts";
import { BenchChild } from "../programs/child-process.ts";
import type { SiloArgument } from "../programs/silo-program.ts";

/** A process that does not end by itself when it is told to is killed after so long. */
const STOP_MAX_MS = 10_000;

/** What the silos share: a store and an etcd, a folder, or no store at all. */
interface Shared {
  readonly membership: string;
  readonly storage: string;
  stop(): Promise<void>;
}

export interface SiloClusterOptions {
  readonly silos: number;
  /** Durable actors are stored where the bench stores; without it nothing is stored. */
  readonly durable: boolean;
  /** Further arguments of Node.js for the silos. */
  readonly nodeArgs?: readonly string[];
}

interface SiloClusterParts {
  readonly argument: SiloArgument;
  readonly shared: Shared;
  readonly nodeArgs: readonly string[];
}

/** Silos in processes of their own, and this process as their client. */
export class SiloCluster implements AsyncDisposable {
  readonly argument: SiloArgument;
  readonly silos: BenchChild[] = [];
  readonly #context: BenchContext;
  readonly #shared: Shared;
  readonly #nodeArgs: readonly string[];
  #cluster: Cluster | undefined;

  static async start(
    context: BenchContext,
    { silos, durable, nodeArgs = [] }: SiloClusterOptions,
  ): Promise<SiloCluster> {
    const shared = await openShared(context, durable);
    const { membership, storage } = shared;
    const argument: SiloArgument = {
      cluster: `bench-${randomId(systemRandom)}`,
      membership,
      storage,
    };
    const started = new SiloCluster(context, { argument, shared, nodeArgs });
    for (let count = 0; count < silos; count++) await started.add();
    return started;
  }

  private constructor(context: BenchContext, { argument, shared, nodeArgs }: SiloClusterParts) {
    this.#context = context;
    this.#nodeArgs = nodeArgs;
    this.argument = argument;
    this.#shared = shared;
  }

  /** This process as a client, from when the first silo is active. */
  get cluster(): Cluster {
    if (this.#cluster === undefined) throw new Error("no silo was added yet");
    return this.#cluster;
  }

  /** Starts one more silo, and waits until it is active. */
  async add(): Promise<BenchChild> {
    const silo = new BenchChild({
      program: "silo-program.js",
      argument: { ...this.argument },
      profile: this.#context.profile,
      nodeArgs: this.#nodeArgs,
    });
    this.silos.push(silo);
    await silo.next();
    const { cluster, membership } = this.argument;
    this.#cluster ??= await connect({
      cluster,
      membership,
      actors: [Counter, DurableCounter],
      logger: silentLogger,
    });
    return silo;
  }

  /** The silo's process has ended, or is to: it does not belong to the cluster any more. */
  forget(silo: BenchChild): void {
    this.silos.splice(this.silos.indexOf(silo), 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster?.close();
    await Promise.all(this.silos.map((silo) => this.#stop(silo)));
    await this.#shared.stop();
  }

  async #stop(silo: BenchChild): Promise<void> {
    // A stopped process would not end.
    silo.signal("SIGCONT");
    const limit = this.#context.clock.schedule(STOP_MAX_MS, () => silo.signal("SIGKILL"));
    await silo.stop();
    limit.cancel();
  }
}

async function nothing(): Promise<void> {}

async function openShared({ storage, folder }: BenchContext, durable: boolean): Promise<Shared> {
  const store = `file:${join(folder, `silos-${randomId(systemRandom)}`)}`;
  if (!durable) return { membership: store, storage: "memory:none", stop: nothing };
  switch (storage) {
    case "file":
      return { membership: store, storage: store, stop: nothing };
    case "redis":
    case "postgres": {
      const { startEtcd, startPostgres, startRedis } = await import("@troupe/services");
      const startStore = storage === "redis" ? startRedis : startPostgres;
      const [etcd, stateServer] = await Promise.all([startEtcd(), startStore()]);
      return {
        membership: etcd.url.replace("http://", "etcd://"),
        storage: stateServer.url,
        async stop() {
          await Promise.all([etcd.stop(), stateServer.stop()]);
        },
      };
    }
  }
}
