import { join } from "node:path";
import { randomId, silentLogger, systemRandom } from "@troupe/core";
import { type Cluster, connect } from "troupe";
import { Counter } from "../actors/counters.ts";
import { Source } from "../actors/source.ts";
import { EchoClient } from "../baselines/echo-client.ts";
import { ItemReader } from "../baselines/item-reader.ts";
import type { BenchContext } from "../bench.ts";
import { BenchChild } from "../programs/child-process.ts";
import type { SiloArgument } from "../programs/silo-program.ts";

export interface RemotePairOptions {
  /** Filters count the calls, at the client and at the silo. Default: there are none. */
  readonly observed?: boolean;
}

/**
 * A silo and the baseline's server, each in a process of its own, and this process as the client of
 * both. The silo stores nothing: its actors have no state.
 */
export class RemotePair implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly echo: EchoClient;
  readonly items: ItemReader;
  readonly silo: BenchChild;
  readonly server: BenchChild;

  static async start(
    { folder, profile }: BenchContext,
    { observed = false }: RemotePairOptions = {},
  ): Promise<RemotePair> {
    const name = `bench-${randomId(systemRandom)}`;
    const membership = `file:${join(folder, name)}`;
    const argument: SiloArgument = { cluster: name, membership, storage: "memory:none", observed };
    const silo = new BenchChild({ program: "silo-program.js", argument: { ...argument }, profile });
    const server = new BenchChild({ program: "echo-program.js", argument: {}, profile });
    const [, port] = await Promise.all([silo.next(), server.next()]);
    const cluster = await connect({
      cluster: name,
      membership,
      actors: [Counter, Source],
      logger: silentLogger,
    });
    return new RemotePair(cluster, Number(port), { silo, server });
  }

  private constructor(
    cluster: Cluster,
    port: number,
    { silo, server }: { readonly silo: BenchChild; readonly server: BenchChild },
  ) {
    this.cluster = cluster;
    this.echo = new EchoClient(port);
    this.items = new ItemReader(port);
    this.silo = silo;
    this.server = server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.echo.close();
    this.items.close();
    await this.cluster.close();
    await Promise.all([this.silo.stop(), this.server.stop()]);
  }
}
