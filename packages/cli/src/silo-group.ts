import { type Clock, sleep } from "@troupe/core";
import { ChildSilo, describeExit } from "./child-silo.ts";

/** A silo that does not get ready is started this often in all, each time after a longer pause. */
const START_ATTEMPTS = 3;
const RESTART_PAUSE_MS = 500;

/** Exit code of a mistake in the command or in the actors: trying again cannot help. */
const USAGE_EXIT_CODE = 2;

/** What became of a silo that was started. */
type Filled =
  | "ready"
  /** It crashed, or its module is wrong. */
  | "broken"
  /**
   * Its module is in order, and the cluster does not take it: others define the same actors
   * otherwise.
   */
  | "refused"
  | "stopping";

/** What became of silos that were to be replaced. */
export type Replaced =
  | "replaced"
  /** Not all new ones got ready; the old ones run as they did. */
  | "kept"
  /** Old and new do not go together, so all were stopped and then started. */
  | "restarted"
  /** The same, and not all got ready again. */
  | "down";

export interface SiloGroupOptions {
  readonly clock: Clock;
  readonly count: number;
  /** Starts the process of one place of the group. */
  readonly start: (place: number) => ChildSilo;
  /** Tells people what happens. */
  readonly report: (text: string) => void;
  /** A place stays empty: its silo crashed, and so did those that were to follow it. */
  readonly onLost: (place: number) => void;
  /** Every place is empty because its silo was drained. */
  readonly onEmpty: () => void;
}

/**
 * Silo processes of this machine that are started, replaced and stopped together.
 *
 * GRP-1. A silo that ends unasked is started again, unless it ended well: then somebody has drained
 *        it, and its place stays empty. One that does not get ready is given up after three
 *        attempts.
 * GRP-2. Silos that are replaced stay up until all the new ones are ready, and then drain one after
 *        the other; unless the new ones cannot run beside the old ones.
 * GRP-3. After `stop` no process is left.
 */
export class SiloGroup {
  readonly #options: SiloGroupOptions;
  readonly #places = new Map<number, ChildSilo>();
  /** Every process that was started and has not ended. */
  readonly #living = new Set<ChildSilo>();
  /** Places that are empty because their silos were drained. */
  readonly #drained = new Set<number>();
  readonly #turns = new Map<number, Promise<unknown>>();
  #stopping = false;

  constructor(options: SiloGroupOptions) {
    this.#options = options;
  }

  /**
   * Starts all; true if each got ready. The first goes alone, since a mistake would only be shown
   * once for each.
   */
  async start(): Promise<boolean> {
    if ((await this.#inTurn(0, () => this.#fill(0))) !== "ready") return false;
    const others = Array.from({ length: this.#options.count - 1 }, (_, index) =>
      this.#inTurn(index + 1, () => this.#fill(index + 1)),
    );
    return (await Promise.all(others)).every((filled) => filled === "ready");
  }

  /**
   * Replaces all (GRP-2). So every actor moves once, and a module that does not load changes
   * nothing.
   */
  async replaceAll(): Promise<Replaced> {
    const [first, ...places] = Array.from({ length: this.#options.count }).keys();
    if (first === undefined) return "replaced";
    const head = await this.#getReady(first);
    if (head === "refused") return this.#restartAll();
    if (!(head instanceof ChildSilo)) return "kept";
    const rest = await Promise.all(places.map((place) => this.#getReady(place)));
    const fresh = [head, ...rest].filter((child) => child instanceof ChildSilo);
    if (fresh.length < this.#options.count) {
      await Promise.all(fresh.map((child) => child.stop()));
      return "kept";
    }
    for (const [place, child] of fresh.entries()) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other drains faster.
      await this.#inTurn(place, () => this.#exchange(place, child));
    }
    return "replaced";
  }

  /**
   * Drains all and waits until they have ended (GRP-3). One that was not ready yet has nothing to
   * drain.
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const child of this.#living) if (child.progress !== "ready") child.kill();
    await Promise.all([...this.#living].map((child) => child.stop()));
  }

  /** Ends all at once, also while they drain. */
  kill(): void {
    this.#stopping = true;
    for (const child of this.#living) child.kill();
  }

  async #restartAll(): Promise<Replaced> {
    this.#options.report(
      "the changed actors do not fit the running ones; stopping all silos, and starting them anew",
    );
    const old = [...this.#places.values()];
    this.#places.clear();
    await Promise.all(old.map((child) => child.stop()));
    return (await this.start()) ? "restarted" : "down";
  }

  async #exchange(place: number, fresh: ChildSilo): Promise<void> {
    const old = this.#places.get(place);
    this.#keep(place, fresh);
    await old?.stop();
  }

  /** Puts a new silo in an empty place. */
  async #fill(place: number): Promise<Filled> {
    const child = await this.#getReady(place);
    if (!(child instanceof ChildSilo)) return child;
    this.#keep(place, child);
    return "ready";
  }

  /** A new silo for a place, or what became of it. */
  async #getReady(place: number): Promise<ChildSilo | Exclude<Filled, "ready">> {
    for (let attempt = 1; !this.#stopping; attempt++) {
      const child = this.#startChild(place);
      // oxlint-disable-next-line no-await-in-loop -- an attempt follows the failure of the one
      // before.
      const ready = await child.ready;
      if (ready !== undefined) return child;
      // oxlint-disable-next-line no-await-in-loop -- an attempt follows the failure of the one
      // before.
      const exit = await child.exited;
      if (this.#stopping) return "stopping";
      const isMistake = exit.code === USAGE_EXIT_CODE;
      const last = isMistake || attempt === START_ATTEMPTS;
      this.#options.report(
        `silo ${place + 1} ${describeExit(exit)} before it was ready${last ? "" : "; starting it again"}`,
      );
      if (last) return isMistake && child.progress === "loaded" ? "refused" : "broken";
      // oxlint-disable-next-line no-await-in-loop -- an attempt follows the failure of the one
      // before.
      await sleep(this.#options.clock, RESTART_PAUSE_MS * attempt);
    }
    return "stopping";
  }

  #startChild(place: number): ChildSilo {
    const child = this.#options.start(place);
    this.#living.add(child);
    void child.exited.then(() => this.#living.delete(child));
    return child;
  }

  #keep(place: number, child: ChildSilo): void {
    this.#places.set(place, child);
    this.#drained.delete(place);
    void this.#watchOver(place, child);
  }

  async #watchOver(place: number, child: ChildSilo): Promise<void> {
    const exit = await child.exited;
    // Whoever stops a child on purpose takes it from its place first.
    if (this.#stopping || this.#places.get(place) !== child) return;
    this.#places.delete(place);
    if (exit.code === 0) {
      this.#options.report(`silo ${place + 1} was drained`);
      this.#drained.add(place);
      if (this.#drained.size === this.#options.count) this.#options.onEmpty();
      return;
    }
    this.#options.report(`silo ${place + 1} ${describeExit(exit)}; starting it again`);
    const filled = await this.#inTurn(place, async () =>
      this.#places.has(place) ? "ready" : this.#fill(place),
    );
    if (filled !== "ready" && !this.#stopping) this.#options.onLost(place);
  }

  /**
   * Two that work on the same place (a crash, and a replacement that was asked for) go one after
   * the other.
   */
  async #inTurn<T>(place: number, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(place);
    const turn = (async () => {
      await before?.catch(() => undefined);
      return work();
    })();
    this.#turns.set(place, turn);
    return turn;
  }
}
