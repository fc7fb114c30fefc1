import { join } from "node:path";
import { randomId, silentLogger, systemRandom } from "@troupe/core";
import { type Cluster, connect } from "troupe";
import { Counter } from "../actors/counters.ts";
import { EchoClient } from "../baselines/echo-client.ts";
import type { BenchContext } from "../bench.ts";
import { BenchChild } from "../programs/child-process.ts";
import type { SiloArgument } from "../programs/silo-program.ts";

/**
 * A silo and the baseline's server, each in a process of its own, and this process as the client of
 * both. The silo stores nothing: its actors have no state.
 */
export class RemotePair implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly echo: EchoClient;
  readonly silo: BenchChild;
  readonly server: BenchChild;

  static async start({ folder, profile }: BenchContext): Promise<RemotePair> {
    const name = `bench-${randomId(systemRandom)}`;
    const membership = `file:${join(folder, name)}`;
    const argument: SiloArgument = { cluster: name, membership, storage: "memory:none" };
    const silo = new BenchChild({ program: "silo-program.js", argument: { ...argument }, profile });
    const server = new BenchChild({ program: "echo-program.js", argument: {}, profile });
    const [, port] = await Promise.all([silo.next(), server.next()]);
    const cluster = await connect({
      cluster: name,
      membership,
      actors: [Counter],
      logger: silentLogger,
    });
    return new RemotePair(cluster, new EchoClient(Number(port)), { silo, server });
  }

  private constructor(
    cluster: Cluster,
    echo: EchoClient,
    { silo, server }: { readonly silo: BenchChild; readonly server: BenchChild },
  ) {
    this.cluster = cluster;
    this.echo = echo;
    this.silo = silo;
    this.server = server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.echo.close();
    await this.cluster.close();
    await Promise.all([this.silo.stop(), this.server.stop()]);
  }
}
