import { sleep } from "@troupe/core";
import type { Fault } from "./script.ts";
import type { SimSlot } from "./sim-slot.ts";
import type { SimWorld } from "./sim-world.ts";

/** How long a step of a deployment waits for a silo to stop or to start. */
const STEP_MS = 15_000;
const LOOK_EVERY_MS = 20;

/** Replaces the silos of a run by those of another release, as an orchestrator would. */
export class Rollout {
  readonly #world: SimWorld;
  readonly #slots: readonly SimSlot[];
  /** Nothing is replaced any more after this time. */
  readonly #endsAt: number;
  /** Of those that were asked for the last one is carried on. */
  #latest = 0;

  constructor(world: SimWorld, slots: readonly SimSlot[], endsAt: number) {
    this.#world = world;
    this.#slots = slots;
    this.#endsAt = endsAt;
  }

  async deploy({ release, surge }: Extract<Fault, { kind: "deploy" }>): Promise<void> {
    const number = ++this.#latest;
    const goesOn = (): boolean =>
      number === this.#latest && this.#world.clock.monotonic() < this.#endsAt;
    this.#world.deploy(release);
    const old = this.#slots.filter(({ current }) => current !== undefined);
    // Without another silo there is nobody who could serve meanwhile.
    await this.#startBeside(surge ? old.length : old.length === 1 ? 1 : 0, goesOn);
    for (const slot of old) {
      if (!goesOn()) return;
      if (slot.current === undefined || slot.current.release === this.#world.release) continue;
      if (!this.#slots.some((other) => other !== slot && other.serves)) return this.#goForward();
      slot.stop();
      await this.#until(() => slot.current === undefined);
      if (surge || !goesOn()) continue;
      slot.start();
      await this.#until(() => slot.silo !== undefined);
    }
  }

  /**
   * The silo that would be stopped is the last one that may serve: an operator sees that in what
   * silos say, and deploys the latest release in place of going back.
   */
  #goForward(): void {
    this.#world.deploy(this.#world.latestRelease);
  }

  async #startBeside(count: number, goesOn: () => boolean): Promise<void> {
    const free = this.#slots.filter(({ current }) => current === undefined);
    for (const slot of free.slice(0, count)) {
      if (!goesOn()) return;
      slot.start();
      await this.#until(() => slot.silo !== undefined);
    }
  }

  async #until(condition: () => boolean): Promise<void> {
    const { clock } = this.#world;
    const end = clock.monotonic() + STEP_MS;
    while (!condition() && clock.monotonic() < end) await sleep(clock, LOOK_EVERY_MS);
  }
}
