import { fileURLToPath } from "node:url";
import { type Random, sleep, systemClock } from "@troupe/core";
import type { TestService } from "@troupe/services";
import type { ProcessCluster } from "../harness/process-cluster.ts";
import type { SiloProcess } from "../harness/silo-process.ts";

const ACTORS = fileURLToPath(new URL("actors.ts", import.meta.url));

/** The fewest silos that share the load when nothing is killed. */
const SILOS = 3;

/** The longest that a store stays away, and that a silo that starts is left alive. */
const AWAY_MAX_MS = 600;
const STARTING_MAX_MS = 700;

/** The longest time between two kills, counted from when the last one was made good. */
const PAUSE_MAX_MS = 800;

/** Of a hundred faults: what is killed. The rest is one silo. */
const STORE = 10;
const ALL_SILOS = 5;
const STARTING_SILO = 10;

/** Kills processes of a cluster, at any moment, and starts others in their place. */
export class Faults {
  readonly #cluster: ProcessCluster;
  readonly #store: TestService | undefined;
  readonly #random: Random;
  /** Processes that were killed so far. */
  kills = 0;
  storeKills = 0;

  constructor(cluster: ProcessCluster, store: TestService | undefined, random: Random) {
    this.#cluster = cluster;
    this.#store = store;
    this.#random = random;
  }

  /** Kills something and makes it good; resolves when enough silos take calls. */
  async strike(): Promise<void> {
    await this.#wait(PAUSE_MAX_MS);
    const dice = this.#random.next() * 100;
    if (dice < STORE && this.#store !== undefined) await this.#killStore(this.#store);
    else if (dice < STORE + ALL_SILOS) await this.#kill(this.#cluster.silos.length);
    else if (dice < STORE + ALL_SILOS + STARTING_SILO) await this.#killStarting();
    else await this.#kill(1);
    await this.mend();
  }

  /** Starts silos until there are enough. */
  async mend(): Promise<void> {
    const missing = SILOS - this.#cluster.silos.length;
    const started = Array.from({ length: Math.max(0, missing) }, () => this.#launch());
    await Promise.all(started.map(({ ready }) => ready));
  }

  #launch(): SiloProcess {
    return this.#cluster.launch([], ACTORS);
  }

  async #kill(count: number): Promise<void> {
    const silos = [...this.#cluster.silos];
    const victims = Array.from({ length: count }, () =>
      silos.splice(Math.floor(this.#random.next() * silos.length), 1),
    ).flat();
    this.kills += victims.length;
    await this.#cluster.kill(...victims);
  }

  async #killStarting(): Promise<void> {
    const silo = this.#launch();
    await this.#wait(STARTING_MAX_MS);
    this.kills++;
    await this.#cluster.kill(silo);
  }

  async #killStore(store: TestService): Promise<void> {
    this.kills++;
    this.storeKills++;
    await store.kill();
    await this.#wait(AWAY_MAX_MS);
    await store.restart();
  }

  #wait(longestMs: number): Promise<void> {
    return sleep(systemClock, this.#random.next() * longestMs);
  }
}
