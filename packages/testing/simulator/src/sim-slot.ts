import { messageOf, silentLogger, TroupeError } from "@troupe/core";
import { Silo } from "@troupe/runtime";
import { seededRandom } from "@troupe/testkit";
import { errandExtension } from "./errand-actors.ts";
import { flowActors, markingLogger } from "./flow-actors.ts";
import { newsActors } from "./news-actors.ts";
import { newsExtension } from "./news-extension.ts";
import { killsInstead, mutateClock, mutateRandom, type Mutation, toldLeaseMs } from "./mutation.ts";
import type { Release, Script } from "./script.ts";
import type { Death } from "./sim-network.ts";
import { type Equipped, hash, type SimWorld } from "./sim-world.ts";
import { workloadActors } from "./workload-actors.ts";

/** How long the keeper of a slot waits before it tries again to start a silo that could not. */
const RETRY_MS = 500;

interface Current extends Equipped {
  readonly release: Release;
  silo: Silo | undefined;
  isStopping: boolean;
}

/**
 * A place with an address, where silo processes run one after the other; a keeper starts them again
 * as a machine's would.
 */
export class SimSlot {
  readonly index: number;
  readonly #world: SimWorld;
  readonly #script: Script;
  readonly #mutation: Mutation | undefined;
  #current: Current | undefined;
  #generation = 0;

  constructor(
    index: number,
    world: SimWorld,
    facts: { readonly script: Script; readonly mutation: Mutation | undefined },
  ) {
    this.index = index;
    this.#world = world;
    this.#script = facts.script;
    this.#mutation = facts.mutation;
  }

  /** The process in it, with the release that it runs. */
  get current(): (Equipped & { readonly release: Release }) | undefined {
    return this.#current;
  }

  /** The silo, if it is active and is to stay. */
  get silo(): Silo | undefined {
    return this.#current?.isStopping === false ? this.#current.silo : undefined;
  }

  /** True if its silo is active, is to stay, and may own all actors. */
  get serves(): boolean {
    return (
      this.silo !== undefined &&
      this.#current !== undefined &&
      this.#world.mayServe(this.#current.release)
    );
  }

  start(): void {
    if (this.#current !== undefined) return;
    const world = this.#world;
    const equipped = world.createProcess(`silo${this.index}.${++this.#generation}`);
    const { release } = world;
    const current: Current = { ...equipped, release, silo: undefined, isStopping: false };
    this.#current = current;
    const { process, membership, probe } = equipped;
    world.trace.add("fault", `${process.name} starts with release ${release}`);
    const own = seededRandom(hash(`${this.#script.seed} ${process.name} ids`));
    const ofSlot = seededRandom(hash(`${this.#script.seed} slot ${this.index}`));
    const hasNews = this.#script.profile === "topics";
    const hasFlows = this.#script.profile === "workflows";
    const { flows: journal } = world;
    const started = Silo.start(
      {
        clock: mutateClock(this.#mutation, process.clock),
        random: mutateRandom(this.#mutation, own, ofSlot),
        logger: hasFlows ? markingLogger : silentLogger,
        transport: world.network.transportOf(process),
        membership,
        stateStore: world.stateStore(process),
        reminderStore: world.reminderStore(process),
      },
      {
        cluster: "simulated",
        actors: [
          ...workloadActors({
            probe,
            reentrancy: this.#mutation === "mailbox" ? "full" : "chain",
            release,
          }),
          ...(hasNews ? newsActors(probe) : []),
          ...(hasFlows ? flowActors({ process, probe, journal, mutation: this.#mutation }) : []),
        ],
        extensions: [errandExtension, ...(hasNews ? [newsExtension(this.#mutation)] : [])],
        listen: `10.0.0.${this.index}:7000`,
        leaseTtlMs: toldLeaseMs(this.#mutation, this.#script.leaseTtlMs),
        leasePolicy: this.#script.leasePolicy,
        adoptStorage: world.adoptsStorage,
      },
    );
    void this.#await(started, current);
  }

  /** Drains the silo, or does so as soon as it is active. */
  stop(): void {
    const current = this.#current;
    if (current === undefined || current.isStopping) return;
    if (killsInstead(this.#mutation)) return this.#end(current, "killed");
    current.isStopping = true;
    if (current.silo !== undefined) void this.#drain(current, current.silo);
  }

  kill({
    restartMs,
    silent,
  }: {
    readonly restartMs: number | undefined;
    readonly silent: boolean;
  }): void {
    const current = this.#current;
    if (current === undefined) return;
    const wasStopping = current.isStopping;
    this.#end(current, silent ? "without power" : "killed");
    if (restartMs !== undefined && !wasStopping)
      this.#world.clock.schedule(restartMs, () => this.start());
  }

  async #await(started: Promise<Silo>, current: Current): Promise<void> {
    const { process } = current;
    const { trace } = this.#world;
    try {
      current.silo = await started;
    } catch (error) {
      trace.add("fault", `${process.name} could not start: ${messageOf(error)}`);
      this.#goForward(error);
      if (!process.isDead) this.kill({ restartMs: RETRY_MS, silent: false });
      return;
    }
    trace.add("fault", `${process.name} is active as ${current.silo.siloId}`);
    if (current.isStopping) await this.#drain(current, current.silo);
    else void this.#watch(current, current.silo);
  }

  /** A release that cannot come back is given up for the latest, as an operator would. */
  #goForward(error: unknown): void {
    const world = this.#world;
    if (error instanceof TroupeError && error.code === "BAD_DEFINITION")
      world.deploy(world.latestRelease);
  }

  /** A silo that ends by itself cannot join again with its release. */
  async #watch(current: Current, silo: Silo): Promise<void> {
    await silo.stopped;
    if (this.#current !== current || current.isStopping || current.process.isDead) return;
    this.#world.trace.add("fault", `${current.process.name} has ended by itself`);
    this.#world.deploy(this.#world.latestRelease);
    this.kill({ restartMs: RETRY_MS, silent: false });
  }

  async #drain(current: Current, silo: Silo): Promise<void> {
    const { process } = current;
    this.#world.trace.add("fault", `${process.name} drains`);
    await silo.stop().catch(() => undefined);
    this.#world.trace.add("fault", `${process.name} has stopped`);
    if (this.#current?.process === process) this.#end(current, "stopped");
  }

  #end({ process }: Equipped, how: Death): void {
    this.#world.trace.add("fault", `${process.name} is dead`);
    process.die();
    this.#world.network.died(process, how);
    this.#current = undefined;
  }
}
