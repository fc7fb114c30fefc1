import {
  type ActorAddress,
  type DueEntry,
  messageOf,
  type Scheduled,
  unpackField,
} from "@troupe/core";
import type { SiloHost, SiloService } from "@troupe/sdk";

/**
 * Actors of one step, and the time between two steps: 10 actors a second are nothing to a store.
 */
const STEP_ACTORS = 50;
const STEP_EVERY_MS = 5_000;

/**
 * Puts entries of the due index back that are missing, for whatever reason: a part of the index was
 * deleted by hand, say. An actor that is loaded puts back its own; this finds those that would
 * never be loaded again for want of an entry (D3).
 *
 * SWEEP-1. It only adds entries. One too many is found to stand for nothing when its time comes.
 * SWEEP-2. It goes slowly through all stored actors, and looks at those that this silo owns and
 *          that are not active: a million of them take a day.
 */
export class IndexSweep implements SiloService {
  readonly name = "index-sweep";
  readonly stage = 190;
  readonly #silo: SiloHost;
  #after: string | undefined;
  #timer: Scheduled | undefined;
  #step: Promise<void> | undefined;
  #isRunning = false;

  constructor(silo: SiloHost) {
    this.#silo = silo;
  }

  start(): void {
    this.#isRunning = true;
    this.#later();
  }

  drain(): void {
    this.#isRunning = false;
    this.#timer?.cancel();
  }

  async stop(): Promise<void> {
    this.drain();
    await this.#step;
  }

  #later(): void {
    if (!this.#isRunning) return;
    this.#timer = this.#silo.clock.schedule(STEP_EVERY_MS, () => {
      this.#step = this.#sweep();
    });
  }

  async #sweep(): Promise<void> {
    try {
      const silo = this.#silo;
      const page = await silo.stateStore.list({
        limit: STEP_ACTORS,
        ...(this.#after === undefined ? {} : { after: this.#after }),
      });
      const own = page.addresses.filter((address) => silo.owns(address) && !silo.isActive(address));
      const entries = await Promise.all(own.map((address) => this.#entriesOf(address)));
      if (entries.some(({ length }) => length > 0)) {
        await this.#silo.reminderStore.add(entries.flat());
      }
      this.#after = page.next;
    } catch (error) {
      const reason = messageOf(error);
      this.#silo.logger.debug(
        { reason },
        "stored actors could not be looked through; trying again",
      );
    }
    this.#later();
  }

  async #entriesOf(address: ActorAddress): Promise<DueEntry[]> {
    const { parts, stateStore } = this.#silo;
    const prefixes = parts.all.flatMap((part) => (part.entryOf === undefined ? [] : part.prefixes));
    const stored = await Promise.all(prefixes.map((prefix) => stateStore.read(address, prefix)));
    return stored
      .flatMap((found) => [...(found?.fields ?? [])])
      .flatMap(([field, bytes]) => parts.entryOf(address, field, unpackField(bytes)) ?? []);
  }
}
