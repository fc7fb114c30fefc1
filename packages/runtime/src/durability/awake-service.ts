import {
  AWAKE_BUCKETS_FROM,
  type DueEntry,
  formatAddress,
  messageOf,
  type Scheduled,
} from "@troupe/core";
import type { SiloHost, SiloService } from "@troupe/sdk";

/** Entries of one reading. If there are more, the rest is read after these. */
const READ_MAX = 1_000;

/** Actors that are being woken at the same time. */
const WAKING_MAX = 64;

/** Between tries to reach an actor, or to read the index. */
const AGAIN_MS = 1_000;

/**
 * How often the index is read though nothing has changed: what a silo committed just before it died
 * may have become visible after the last reading.
 */
const READ_EVERY_MS = 30_000;

/**
 * Wakes the actors that have something under way, when they have become this silo's.
 *
 * WAKE-1. Each change of ownership makes it read the entries of the silo's buckets, and so does the
 *         moment at which all former owners have let go.
 * WAKE-2. An actor that is active here needs no waking: it saw what is under way when it was
 *         loaded.
 * WAKE-3. An actor that could not be woken is tried again for as long as it is this silo's.
 */
export class AwakeService implements SiloService {
  readonly name = "awake";
  readonly stage = 110;
  readonly #silo: SiloHost;
  readonly #waking = new Map<string, Promise<void>>();
  #timer: Scheduled | undefined;
  #reading: Promise<void> | undefined;
  #state: "idle" | "running" | "stopped" = "idle";
  #readsAgain = false;

  constructor(silo: SiloHost) {
    this.#silo = silo;
  }

  start(): void {
    this.#state = "running";
    this.#read();
  }

  ownershipChanged(): void {
    this.#read();
  }

  drain(): void {
    this.#state = "stopped";
    this.#timer?.cancel();
  }

  async stop(): Promise<void> {
    this.drain();
    await this.#reading;
  }

  #read(): void {
    if (this.#state !== "running") return;
    this.#readsAgain = this.#reading !== undefined;
    this.#reading ??= this.#readAll();
  }

  async #readAll(): Promise<void> {
    this.#timer?.cancel();
    let pauseMs = READ_EVERY_MS;
    try {
      await this.#readPages();
    } catch (error) {
      const reason = messageOf(error);
      this.#silo.logger.warn({ reason }, "actors to wake could not be read; trying again");
      pauseMs = AGAIN_MS;
    }
    this.#reading = undefined;
    if (this.#readsAgain) this.#read();
    else this.#readLater(pauseMs);
  }

  async #readPages(): Promise<void> {
    const buckets = [...this.#silo.ownedBuckets()].map((bucket) => AWAKE_BUCKETS_FROM + bucket);
    let after: DueEntry | undefined;
    do {
      const entries = await this.#silo.reminderStore.due(
        buckets,
        Number.MAX_SAFE_INTEGER,
        READ_MAX,
        after,
      );
      for (const entry of entries) await this.#wake(entry);
      after = entries.length < READ_MAX ? undefined : entries.at(-1);
    } while (after !== undefined && this.#state === "running");
  }

  /** Resolves when there is room for another one. */
  async #wake(entry: DueEntry): Promise<void> {
    const { address, name, tag, dueAt } = entry;
    const key = `${formatAddress(address)} ${name} ${tag}`;
    if (!this.#mayWake(entry) || this.#waking.has(key)) return;
    const waking = this.#silo
      .callTurn(address, name, [tag, dueAt])
      .then(
        () => undefined,
        () => this.#readLater(AGAIN_MS),
      )
      .finally(() => this.#waking.delete(key));
    this.#waking.set(key, waking);
    if (this.#waking.size >= WAKING_MAX) await Promise.race(this.#waking.values());
  }

  #mayWake({ address }: DueEntry): boolean {
    return this.#state === "running" && this.#silo.owns(address) && !this.#silo.isActive(address);
  }

  #readLater(pauseMs: number): void {
    if (this.#state !== "running") return;
    this.#timer?.cancel();
    this.#timer = this.#silo.clock.schedule(pauseMs, () => this.#read());
  }
}
