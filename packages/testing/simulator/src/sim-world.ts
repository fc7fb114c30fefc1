import { inForceOf, unpackField, type View } from "@troupe/core";
import { MemoryStates } from "@troupe/memory";
import { seededRandom } from "@troupe/testkit";
import { VirtualClock } from "@troupe/testkit";
import type { StoredNews } from "./checkers/news.ts";
import { FlowJournal } from "./flow-journal.ts";
import { FlowStates } from "./flow-states.ts";
import { History } from "./history.ts";
import { type DueTruth, mutateDueIndex, mutateStates, type StateTruth } from "./mutant-stores.ts";
import { mutateDelivery, mutateMembership, type Mutation } from "./mutation.ts";
import { PARTITIONS } from "./news-actors.ts";
import { Probe } from "./probe.ts";
import { RunningTurns } from "./running-turns.ts";
import type { Release, Script } from "./script.ts";
import { SimArchivist } from "./sim-archivist.ts";
import { SimMembership } from "./sim-membership.ts";
import { SimNetwork } from "./sim-network.ts";
import { SimProcess } from "./sim-process.ts";
import { SimRegistry } from "./sim-registry.ts";
import { SimService } from "./sim-service.ts";
import { simReminderStore, simStateStore, WatchedStates } from "./sim-stores.ts";
import { Trace } from "./trace.ts";

/**
 * A guard that ends a tenth of the lease early leaves this share of it for what has just started.
 */
const GRACE_SHARE = 0.08;

/**
 * Some processes learn of changes up to this much later than others, most of them far less late:
 * what an owner and its successor do meanwhile is what HAND-1 to HAND-5 are for.
 */
const LAGGARD_SHARE = 0.35;
const VIEW_LAG_MS = 4_000;

/** A process with its ways to everything outside. */
export interface Equipped {
  readonly process: SimProcess;
  readonly membership: SimMembership;
  readonly probe: Probe;
}

/** Everything outside of the processes of one run: time, network, registry and stores. */
export class SimWorld {
  readonly clock = new VirtualClock();
  readonly trace = new Trace(this.clock);
  readonly history = new History(this.clock);
  /** What happens to runs of workflows. */
  readonly flows = new FlowJournal(this.history);
  readonly registry = new SimRegistry(this.clock);
  readonly network: SimNetwork;
  readonly membershipService: SimService;
  readonly storeService: SimService;
  /** The part of the store that has the index of due times. */
  readonly indexService: SimService;
  readonly running: RunningTurns;
  /** Every view there was, by revision. */
  readonly views = new Map<number, View>();
  /**
   * True once somebody has said that the store belongs to whatever registry there is: when all
   * silos of the one before are gone, nobody carries it over.
   */
  adoptsStorage = false;
  /** Which release silos run that start now, and the highest that any has run. */
  release: Release = 1;
  latestRelease: Release = 1;
  readonly #states: StateTruth;
  readonly #due: DueTruth;
  /** True if actors and index lie apart, as in a Redis Cluster. */
  readonly #commitsInSteps: boolean;
  readonly #script: Script;
  readonly #mutation: Mutation | undefined;
  readonly #processes: SimProcess[] = [];
  #streams = 0;

  constructor(script: Script, mutation: Mutation | undefined) {
    this.#script = script;
    this.#mutation = mutation;
    const { clock, trace, history, registry } = this;
    const shape = seededRandom(script.seed + 1);
    const fast = shape.next() < 0.5;
    const weather = {
      delayMs: fast ? 1 : 20,
      slowShare: shape.next() < 0.5 ? 0.02 : 0,
      slowMs: 150,
    };
    this.network = new SimNetwork(clock, {
      random: this.stream(),
      trace,
      weather,
      mutation: mutateDelivery(mutation),
    });
    this.membershipService = new SimService(
      clock,
      { random: this.stream(), trace },
      {
        name: "registry",
        kind: "member",
        errorCode: "CLUSTER_UNAVAILABLE",
        delayMs: fast ? 2 : 30 + shape.next() * 200,
      },
    );
    const store = {
      name: "store",
      kind: "store",
      errorCode: "STORE_UNAVAILABLE",
      delayMs: fast ? 1 : 15,
    } as const;
    this.storeService = new SimService(clock, { random: this.stream(), trace }, store);
    this.indexService = new SimService(clock, { random: this.stream(), trace }, store);
    this.#commitsInSteps = shape.next() < 0.5;
    this.running = new RunningTurns(history, {
      graceMs: script.leaseTtlMs * GRACE_SHARE,
      leasePolicy: script.leasePolicy,
      isMember: (siloId) => registry.view.members.some((member) => member.siloId === siloId),
    });
    this.#due = mutateDueIndex(mutation, () => clock.monotonic());
    const states = new FlowStates(new MemoryStates(this.#due, () => clock.monotonic()), this.flows);
    this.#states = new WatchedStates(
      mutateStates(mutation, states),
      () => clock.monotonic(),
      (text) => history.violate("C2", text),
    );
    registry.observe((view) => {
      this.views.set(view.revision, view);
    });
  }

  /** A stream of chance of its own: what one part draws does not shift what the others do. */
  stream(): ReturnType<typeof seededRandom> {
    return seededRandom(this.#script.seed * 31 + 1_000_003 * ++this.#streams);
  }

  createProcess(name: string): Equipped {
    const random = seededRandom(hash(`${this.#script.seed} ${name}`));
    const { clock: world, network, trace, history, running, registry } = this;
    const process = new SimProcess(
      { name, world, random },
      {
        monotonicMs: Math.floor(random.next() * 1_000_000),
        wallMs: Math.floor((random.next() - 0.5) * 400),
        rate: random.next() < 0.5 ? 1 : 1 + (random.next() - 0.5) * 0.01,
      },
    );
    this.#processes.push(process);
    const viewLagMs = random.next() < LAGGARD_SHARE ? random.next() ** 2 * VIEW_LAG_MS : 0;
    const membership = new SimMembership(
      process,
      { clock: world, service: this.membershipService, registry, trace, random, viewLagMs },
      mutateMembership(this.#mutation, { process, network, leaseTtlMs: this.#script.leaseTtlMs }),
    );
    return { process, membership, probe: new Probe(process, { history, running, trace }) };
  }

  stateStore(process: SimProcess): ReturnType<typeof simStateStore> {
    const due = this.#commitsInSteps ? this.reminderStore(process) : undefined;
    return simStateStore(process, this.storeService, { states: this.#states, due });
  }

  reminderStore(process: SimProcess): ReturnType<typeof simReminderStore> {
    return simReminderStore(process, this.indexService, this.#due);
  }

  /** From now on silos start with this release. */
  deploy(release: Release): void {
    this.release = release;
    if (release > this.latestRelease) this.latestRelease = release;
  }

  /**
   * True if silos of this release may own cells: those of the earlier ones may not any more once
   * the third has stored state (V2).
   */
  mayServe(release: Release): boolean {
    return release === 3 || (inForceOf(this.registry.view, "Cell")?.leastVersion ?? 1) === 1;
  }

  /** What the partitions of the topic have stored. */
  storedNews(): StoredNews[] {
    return Array.from({ length: PARTITIONS }, (_, partition) => {
      const address = { type: "troupe.topic", id: `news/${partition}` };
      const fields = this.#states.read(address, "e:")?.fields ?? new Map<string, Uint8Array>();
      return [...fields.values()].map((bytes) => newsIn(bytes));
    }).flat();
  }

  createArchivist(): SimArchivist {
    return new SimArchivist(this, this.#states);
  }

  pause(process: SimProcess): void {
    if (process.state !== "running") return;
    this.trace.add("fault", `${process.name} stops`);
    process.pause();
    this.running.paused(process);
    this.network.stalled(process);
  }

  resume(process: SimProcess): void {
    if (process.state !== "paused") return;
    this.trace.add("fault", `${process.name} goes on`);
    process.resume();
  }

  /** Everything that was broken is whole from now on. */
  heal(): void {
    this.network.healAll();
    this.membershipService.faults.clear();
    this.storeService.faults.clear();
    this.indexService.faults.clear();
    for (const process of this.#processes) {
      process.disarm();
      process.clock.restoreWall();
      this.resume(process);
    }
  }
}

/**
 * A number of a text (FNV-1a), so that a process has its chance by its name and not by when it was
 * made.
 */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++)
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 0;
}

function newsIn(bytes: Uint8Array): StoredNews {
  const { key, data } = unpackField(bytes) as { readonly key: string; readonly data: Uint8Array };
  return { ...(unpackField(data) as StoredNews), key };
}
