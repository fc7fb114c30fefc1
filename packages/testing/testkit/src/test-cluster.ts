import { type ClientOptions, ClusterClient } from "@troupe/client";
import {
  Authentication,
  type Logger,
  type Role,
  type Secrets,
  secretsOf,
  silentLogger,
} from "@troupe/core";
import {
  MemoryMembership,
  MemoryNetwork,
  MemoryRegistry,
  MemoryReminderStore,
  MemoryStates,
  MemoryStateStore,
  MemoryTransport,
} from "@troupe/memory";
import { Silo, type SiloOptions } from "@troupe/runtime";
import type { Actor, ActorClass, ActorRef, ActorType, CallOptions, Extension } from "@troupe/sdk";
import { FallibleStores } from "./fallible-stores.ts";
import { seededRandom } from "./seeded-random.ts";
import { StillTime } from "./still-time.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** The options of `TestCluster.start`. */
export interface TestClusterOptions {
  readonly actors: readonly ActorType[];
  /** Default 1. */
  readonly silos?: number;
  /** Default 1. */
  readonly seed?: number;
  /** One secret for every role. Default: none is asked for. */
  readonly token?: string;
  /** Secrets by role, in place of `token`. */
  readonly secrets?: Secrets;
  readonly leaseTtlMs?: number;
  readonly logger?: Logger;
  /** Of every silo. Default: none. */
  readonly extensions?: readonly Extension[];
}

/** What may differ from one silo to the next. */
export interface TestSiloOptions extends Partial<SiloOptions> {
  /** In place of the cluster's. */
  readonly token?: string;
}

/** A silo of a `TestCluster`, with what can be done to it. */
export interface TestSilo {
  readonly silo: Silo;
  readonly stores: FallibleStores;
  readonly membership: MemoryMembership;
  /** Ends it as SIGKILL would. */
  kill(): void;
}

/**
 * A cluster of real silos in one process, over the in-memory twins, on virtual time: tests of
 * actors that are fast and repeatable.
 *
 * Time stands still but for `run` and `advance`, so wrap whatever waits for the cluster: `await
 * cluster.run(ref.deposit(5))`. A call that waits for three seconds while time stands still makes
 * Node.js print a warning.
 */
export class TestCluster implements AsyncDisposable {
  readonly clock = new VirtualClock({ stillTime: new StillTime() });
  readonly network = new MemoryNetwork({ clock: this.clock });
  readonly registry = new MemoryRegistry(this.clock);
  readonly states = new MemoryStates(undefined, () => this.clock.monotonic());
  readonly due = this.states.due;
  readonly silos: TestSilo[] = [];
  readonly #options: TestClusterOptions;
  readonly #random;
  readonly #authentication: Authentication;
  #client: ClusterClient | undefined;
  #started = 0;

  static async start(options: TestClusterOptions): Promise<TestCluster> {
    const cluster = new TestCluster(options);
    for (let index = 0; index < (options.silos ?? 1); index++) await cluster.startSilo();
    cluster.#client = await cluster.run(cluster.connect());
    return cluster;
  }

  private constructor(options: TestClusterOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed ?? 1);
    const { token, secrets = token === undefined ? {} : secretsOf(token) } = options;
    this.#authentication = new Authentication({ cluster: "test", secrets });
  }

  /** The client of this cluster. */
  get client(): ClusterClient {
    if (this.#client === undefined) throw new Error("the cluster has not been started");
    return this.#client;
  }

  /** A reference for the client. */
  actor<A extends Actor>(type: ActorClass<A>, id: string, options?: CallOptions): ActorRef<A> {
    return this.client.actor(type, id, options);
  }

  /** Lets time pass until the promise settles. */
  run<T>(promise: Promise<T>, limitMs?: number): Promise<T> {
    return this.clock.run(promise, limitMs);
  }

  /** Lets this much time pass. */
  advance(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }

  /** Lets time pass until the condition holds. */
  async waitUntil(condition: () => boolean, limitMs = 60_000): Promise<void> {
    const end = this.clock.monotonic() + limitMs;
    while (!condition()) {
      if (this.clock.monotonic() > end)
        throw new Error(`did not happen within ${limitMs} ms: ${condition.toString()}`);
      await this.clock.advance(5);
    }
  }

  startSilo(options: TestSiloOptions = {}): Promise<TestSilo> {
    return this.run(this.joinSilo(options));
  }

  /** Starts a silo while others do the same; it goes on as time passes. */
  async joinSilo({ token, ...options }: TestSiloOptions = {}): Promise<TestSilo> {
    const name = `silo-process-${++this.#started}`;
    const { actors, leaseTtlMs, extensions } = this.#options;
    const transport = new MemoryTransport({
      network: this.network,
      clock: this.clock,
      name,
      authentication: token === undefined ? this.#authentication : ofToken(token),
    });
    const membership = new MemoryMembership(this.registry);
    const stores = new FallibleStores(
      new MemoryStateStore(this.states),
      new MemoryReminderStore(this.due),
    );
    const silo = await Silo.start(
      {
        clock: this.clock,
        random: this.#random,
        logger: this.#options.logger ?? silentLogger,
        transport,
        membership,
        stateStore: stores.stateStore,
        reminderStore: stores.reminderStore,
      },
      {
        cluster: "test",
        actors,
        listen: "127.0.0.1:0",
        isTrial: true,
        ...(leaseTtlMs === undefined ? {} : { leaseTtlMs }),
        ...(extensions === undefined ? {} : { extensions }),
        ...options,
      },
    );
    const kill = (): void => {
      stores.fault = "dead";
      membership.cutOff();
      this.network.kill(name);
      this.silos.splice(this.silos.indexOf(started), 1);
    };
    const started: TestSilo = { silo, stores, membership, kill };
    this.silos.push(started);
    return started;
  }

  /** Drains a silo and lets it leave. */
  async stopSilo(started: TestSilo): Promise<void> {
    await this.run(started.silo.stop());
    this.silos.splice(this.silos.indexOf(started), 1);
  }

  /** Another client. Whoever makes it closes it. */
  connect(
    options: {
      readonly token?: string;
      readonly cluster?: string;
      readonly role?: Exclude<Role, "silo">;
      readonly filters?: ClientOptions["filters"];
    } = {},
  ): Promise<ClusterClient> {
    const { token, cluster = "test", role = "operator", filters } = options;
    const authentication =
      token === undefined
        ? this.#authentication
        : new Authentication({ cluster, secrets: { [role]: token } });
    return ClusterClient.connect(
      {
        clock: this.clock,
        random: this.#random,
        logger: silentLogger,
        transport: new MemoryTransport({
          network: this.network,
          clock: this.clock,
          authentication,
        }),
        membership: new MemoryMembership(this.registry),
      },
      { cluster, role, ...(filters === undefined ? {} : { filters }) },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    while (this.silos[0] !== undefined) await this.stopSilo(this.silos[0]);
  }
}

function ofToken(token: string): Authentication {
  return new Authentication({ cluster: "test", secrets: secretsOf(token) });
}
