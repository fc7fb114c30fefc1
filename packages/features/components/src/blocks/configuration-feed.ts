import {
  BackgroundWork,
  type Clock,
  type ConfigurationItem,
  type ConfigurationStore,
  type ConfigurationWatch,
  type Logger,
  messageOf,
  type Scheduled,
} from "@troupe/core";
import type { ComponentCalls } from "./component-calls.ts";

/** The settings that somebody follows, by key. */
export type ConfigurationItems = ReadonlyMap<string, ConfigurationItem>;

/** Milliseconds to wait after a failure; it doubles up to the maximum. */
const PAUSE_MIN_MS = 100;
const PAUSE_MAX_MS = 5_000;

/** What is followed, and who follows it. No callback may throw. */
export interface FollowedKeys {
  /** All keys if none is named. */
  readonly keys: readonly string[];
  /** Hears of each state that was read and differs from the one before. */
  readonly onItems: (items: ConfigurationItems) => void;
  readonly onClosed?: () => void;
}

/** What a feed works with. */
export interface FeedOptions extends FollowedKeys {
  readonly store: ConfigurationStore;
  readonly calls: ComponentCalls;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Follows settings, whatever happens to the watch (K4).
 *
 * CFD-1. It reads once the watch is open, and after each of its words, one read at a time. So what
 *         it delivers last is never older than what the watch last spoke of.
 * CFD-2. After a break, or a read that failed, it opens a new watch and reads again. The pauses in
 *         between grow to 5 seconds.
 * CFD-3. It delivers nothing twice in a row, and nothing after `close`.
 */
export class ConfigurationFeed {
  readonly #options: FeedOptions;
  #state: "opening" | "reading" | "reading, and changed again" | "waiting" | "closed" = "waiting";
  #watch: ConfigurationWatch | undefined;
  #last: string | undefined;
  #pauseMs = PAUSE_MIN_MS;
  #pause: Scheduled | undefined;
  #round = 0;
  // Everything that is begun says itself what to do when it fails.
  readonly #work = new BackgroundWork(() => undefined);

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  /** Begins. A store that is away only delays the first delivery. */
  start(): void {
    this.#begin();
  }

  /** Resolves when the watch is closed and nothing is under way. Closing twice is harmless. */
  async close(): Promise<void> {
    this.#state = "closed";
    this.#options.onClosed?.();
    this.#pause?.cancel();
    await this.#work.ended();
    await this.#closeWatch();
  }

  /** Opens a watch, and reads. Everything of an earlier round counts no more. */
  #begin(): void {
    if (this.#isClosed()) return;
    this.#state = "opening";
    const round = ++this.#round;
    this.#work.add(this.#open(round).catch((error: unknown) => this.#failed(round, error)));
  }

  async #open(round: number): Promise<void> {
    const { store, calls, keys } = this.#options;
    await this.#closeWatch();
    const watch = await calls.run(async () => {
      const opened = await store.watch(keys, {
        onChange: () => this.#changed(round),
        onBroken: (error) => this.#failed(round, error),
      });
      // Nobody waits for a watch that came too late.
      if (!this.#isCurrent(round)) await opened.close();
      return opened;
    });
    if (!this.#isCurrent(round)) return;
    this.#watch = watch;
    await this.#read(round);
  }

  async #read(round: number): Promise<void> {
    const { store, calls, keys } = this.#options;
    do {
      this.#state = "reading";
      // oxlint-disable-next-line no-await-in-loop -- one read at a time: CFD-1.
      const items = await calls.run(() => store.get(keys));
      if (!this.#isCurrent(round)) return;
      this.#deliver(items);
    } while (this.#isChangedAgain());
    this.#state = "waiting";
    this.#pauseMs = PAUSE_MIN_MS;
  }

  #changed(round: number): void {
    if (!this.#isCurrent(round)) return;
    switch (this.#state) {
      case "waiting":
        this.#work.add(this.#read(round).catch((error: unknown) => this.#failed(round, error)));
        return;
      case "reading":
        this.#state = "reading, and changed again";
        return;
      case "opening":
      case "reading, and changed again":
      case "closed":
        return;
    }
  }

  #failed(round: number, error: unknown): void {
    if (!this.#isCurrent(round)) return;
    const { clock, logger, calls } = this.#options;
    const pauseMs = this.#pauseMs;
    this.#round++;
    this.#pauseMs = Math.min(pauseMs * 2, PAUSE_MAX_MS);
    logger.warn(
      {
        event: "settings_unfollowed",
        component: calls.title,
        reason: messageOf(error),
        againInMs: pauseMs,
      },
      "settings cannot be followed for now; they are read again",
    );
    this.#pause = clock.schedule(pauseMs, () => this.#begin());
  }

  #deliver(items: ConfigurationItems): void {
    const shown = JSON.stringify([...items].toSorted(byKey));
    if (shown === this.#last) return;
    this.#last = shown;
    this.#options.onItems(items);
  }

  #isCurrent(round: number): boolean {
    return round === this.#round && !this.#isClosed();
  }

  #isClosed(): boolean {
    return this.#state === "closed";
  }

  #isChangedAgain(): boolean {
    return this.#state === "reading, and changed again";
  }

  async #closeWatch(): Promise<void> {
    const watch = this.#watch;
    this.#watch = undefined;
    await watch?.close().catch(() => undefined);
  }
}

function byKey(
  [one]: readonly [string, ConfigurationItem],
  [other]: readonly [string, ConfigurationItem],
): number {
  return one < other ? -1 : 1;
}
