import { silentLogger } from "@troupe/core";
import {
  MemoryMembership,
  MemoryNetwork,
  MemoryRegistry,
  MemoryReminderStore,
  MemoryStates,
  MemoryStateStore,
  MemoryTransport,
} from "@troupe/memory";
import { Silo } from "@troupe/runtime";
import { seededRandom, VirtualClock } from "@troupe/testkit";
import { Counter } from "../actors/counters.ts";
import { CountingTransport, EnvelopeCounts } from "./counting-transport.ts";

/**
 * As silos have it by default. The others find within milliseconds that a silo has died, but few
 * may be evicted in the time of one lease.
 */
const LEASE_MS = 5_000;

/** Longer than joining may take, in virtual time. */
const SETTLE_MS = 3_000;

const PROBE_STEP_MS = 10;

interface SimulatedSilo {
  readonly silo: Silo;
  /** Ends it as SIGKILL would. */
  kill(): void;
}

/**
 * Many silos in this process, over links in memory and on virtual time: what they do to each other
 * is counted, and what it costs is this process's CPU.
 */
export class SimulatedCluster implements AsyncDisposable {
  readonly counts = new EnvelopeCounts();
  readonly #clock = new VirtualClock();
  readonly #network = new MemoryNetwork({ clock: this.#clock });
  readonly #registry = new MemoryRegistry(this.#clock);
  readonly #states = new MemoryStates(undefined, () => this.#clock.monotonic());
  readonly #random = seededRandom(1);
  readonly #silos: SimulatedSilo[] = [];
  #started = 0;

  /** Silos that join at the same time. */
  static async start(silos: number): Promise<SimulatedCluster> {
    const cluster = new SimulatedCluster();
    const joining = Array.from({ length: silos }, () => cluster.#join());
    await cluster.#clock.run(Promise.all(joining));
    await cluster.pass(SETTLE_MS);
    return cluster;
  }

  /** The number of the view that the silos have. */
  get revision(): number {
    return this.#first.silo.view.revision;
  }

  get size(): number {
    return this.#silos.length;
  }

  /**
   * Lets time pass until most of the silos have just probed their links, which they do each second.
   */
  async untilProbed(): Promise<void> {
    const links = this.size * (this.size - 1);
    for (
      let before = 0, now = this.counts.of("ping");
      (now - before) * 2 < links || before === 0;
    ) {
      await this.pass(PROBE_STEP_MS);
      [before, now] = [now, this.counts.of("ping")];
    }
  }

  /** Lets virtual time pass. */
  pass(ms: number): Promise<void> {
    return this.#clock.advance(ms);
  }

  /** One more silo begins to join. */
  add(): void {
    void this.#join();
  }

  /** One silo begins to drain, and leaves. */
  drain(): void {
    const last = this.#silos.pop();
    void last?.silo.stop();
  }

  /** The process of one silo ends. */
  kill(): void {
    this.#silos.pop()?.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Together: one after the other each would change the view of all that are left.
    for (const silo of this.#silos.splice(0)) silo.kill();
    await this.pass(0);
  }

  get #first(): SimulatedSilo {
    const [first] = this.#silos;
    if (first === undefined) throw new Error("the cluster has no silo");
    return first;
  }

  async #join(): Promise<void> {
    const name = `silo-${++this.#started}`;
    const clock = this.#clock;
    const transport = new MemoryTransport({ network: this.#network, clock, name });
    const membership = new MemoryMembership(this.#registry);
    const silo = await Silo.start(
      {
        clock,
        random: this.#random,
        logger: silentLogger,
        transport: new CountingTransport(transport, this.counts, clock),
        membership,
        stateStore: new MemoryStateStore(this.#states),
        reminderStore: new MemoryReminderStore(this.#states.due),
      },
      { cluster: "bench", actors: [Counter], listen: "127.0.0.1:0", leaseTtlMs: LEASE_MS },
    );
    const kill = (): void => {
      membership.cutOff();
      this.#network.kill(name);
    };
    this.#silos.push({ silo, kill });
  }
}
