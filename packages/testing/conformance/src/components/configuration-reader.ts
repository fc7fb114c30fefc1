import {
  Condition,
  type ConfigurationItem,
  type ConfigurationStore,
  type ConfigurationWatch,
  systemClock,
} from "@troupe/core";

/**
 * Follows settings as the port says that one has to: it reads once the watch is open, and after
 * each word of it, and it watches again after a break.
 */
export class ConfigurationReader {
  readonly #store: ConfigurationStore;
  readonly #keys: readonly string[];
  readonly #patienceMs: number;
  readonly #news = new Condition(systemClock);
  #watch: ConfigurationWatch | undefined;
  #isStopped = false;
  #reading: Promise<void> = Promise.resolve();
  #items: ReadonlyMap<string, ConfigurationItem> = new Map();
  /** Words of the watch, breaks included. */
  words = 0;
  breaks = 0;

  constructor(store: ConfigurationStore, keys: readonly string[], patienceMs: number) {
    this.#store = store;
    this.#keys = keys;
    this.#patienceMs = patienceMs;
  }

  async start(): Promise<void> {
    const watch = await this.#store.watch(this.#keys, {
      onChange: () => this.#heard(),
      onBroken: () => {
        this.breaks++;
        if (this.#isStopped) return;
        this.start().catch(() => this.#retry());
        this.#heard();
      },
    });
    this.#watch = watch;
    // It was stopped while a broken watch was opened again.
    if (this.#isStopped) await watch.close();
    await this.#read();
  }

  /** Resolves with true when the last read gave this value; with false if none does in time. */
  comesTo(key: string, value: string | undefined): Promise<boolean> {
    return this.#news.wait(() => this.#items.get(key)?.value === value, this.#patienceMs);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#watch?.close();
  }

  #heard(): void {
    this.words++;
    this.#read().catch(() => undefined);
  }

  #retry(): void {
    systemClock.schedule(20, () => {
      if (!this.#isStopped) this.start().catch(() => this.#retry());
    });
  }

  /** One read at a time: an answer that was overtaken would hide a newer one. */
  #read(): Promise<void> {
    const reading = this.#readAfter(this.#reading);
    this.#reading = reading.catch(() => undefined);
    return reading;
  }

  async #readAfter(before: Promise<void>): Promise<void> {
    await before;
    this.#items = await this.#store.get(this.#keys);
    this.#news.notify();
  }
}
