import { type ActorAddress, formatAddress, type Scheduled } from "@troupe/core";
import { Dice } from "./dice.ts";
import type { StateTruth } from "./mutant-stores.ts";
import type { SimWorld } from "./sim-world.ts";

/** The actors that it has, and how many take them from each other. */
const RELICS = 6;
const OWNERS = 2;

/** Milliseconds between two of its steps, at most. */
const PAUSE_MS = 200;

/** So long the store remembers the epoch of a relic that was retired. */
const KEEP_MS = 4_000;

/** Of its steps this share reads a page. */
const PAGE_SHARE = 0.4;
const PAGE_LIMIT = 5;

/**
 * Uses the store as silos do not yet: it retires actors of its own, which others may claim again,
 * and walks through all stored actors in pages, while the cluster writes.
 *
 * What is there from the first page to the last is in one of them.
 */
export class SimArchivist {
  readonly #world: SimWorld;
  readonly #states: StateTruth;
  readonly #dice: Dice;
  readonly #owned = new Map<string, { epoch: number; version: number }>();
  readonly #stored = new Set<string>();
  /** Of the walk that is under way: what is there since its first page and was in none yet. */
  #unseen = new Set<string>();
  #after: string | undefined;
  #revision = 0;
  #timer: Scheduled | undefined;

  constructor(world: SimWorld, states: StateTruth) {
    this.#world = world;
    this.#states = states;
    this.#dice = new Dice(world.stream());
  }

  start(): void {
    this.#timer = this.#world.clock.schedule(this.#dice.between(1, PAUSE_MS), () => {
      if (this.#dice.chance(PAGE_SHARE)) this.#readPage();
      else this.#change();
      this.start();
    });
  }

  end(): void {
    this.#timer?.cancel();
  }

  #change(): void {
    const address = { type: "Relic", id: `z${this.#dice.below(RELICS)}` };
    const owner = `archivist${this.#dice.below(OWNERS)}`;
    const key = `${owner} ${formatAddress(address)}`;
    const owned = this.#owned.get(key);
    if (owned === undefined || this.#dice.chance(0.2)) return this.#claim(address, owner, key);
    const next = { epoch: owned.epoch, version: owned.version + 1 };
    const isRetired = this.#dice.chance(0.3);
    const { kind } = isRetired
      ? this.#states.retire(address, { ...next, keepMs: KEEP_MS })
      : this.#states.commit(address, {
          ...next,
          set: new Map([["s:relic", Uint8Array.of(1)]]),
          remove: [],
        });
    if (kind === "fenced" || isRetired) this.#owned.delete(key);
    else this.#owned.set(key, next);
    if (kind === "stored") this.#changed(formatAddress(address), isRetired);
  }

  #claim(address: ActorAddress, siloId: string, key: string): void {
    const result = this.#states.claim(address, { revision: ++this.#revision, siloId });
    if (result.kind === "claimed")
      this.#owned.set(key, { epoch: result.epoch, version: result.version });
  }

  #changed(name: string, isRetired: boolean): void {
    if (!isRetired) {
      this.#stored.add(name);
      return;
    }
    this.#stored.delete(name);
    this.#unseen.delete(name);
  }

  #readPage(): void {
    if (this.#after === undefined) this.#unseen = new Set(this.#stored);
    const after = this.#after === undefined ? {} : { after: this.#after };
    const { addresses, next } = this.#states.list({ ...after, limit: PAGE_LIMIT });
    for (const address of addresses) this.#unseen.delete(formatAddress(address));
    this.#after = next;
    if (next !== undefined || this.#unseen.size === 0) return;
    const missed = [...this.#unseen].join(", ");
    this.#world.history.violate("list", `${missed}: stored all the time, and in no page`);
  }
}
