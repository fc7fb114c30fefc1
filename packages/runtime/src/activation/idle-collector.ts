import type { Clock, Scheduled } from "@troupe/core";
import type { ActorDefinition } from "@troupe/sdk";
import type { Catalog } from "./catalog.ts";

/**
 * An idle actor stays for up to a tenth of its `idleAfter` longer; looking more often would only
 * cost.
 */
const LOOKS_PER_IDLE_TIME = 10;
const SHORTEST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 30_000;

/** Deactivates actors that nobody called for their type's `idleAfter`. */
export class IdleCollector {
  readonly #clock: Clock;
  readonly #catalog: Catalog;
  readonly #pauseMs: number;
  #timer: Scheduled | undefined;

  constructor(clock: Clock, catalog: Catalog, definitions: Iterable<ActorDefinition>) {
    this.#clock = clock;
    this.#catalog = catalog;
    const shortest = Math.min(
      LONGEST_PAUSE_MS,
      ...[...definitions].map(({ idleAfterMs }) => idleAfterMs / LOOKS_PER_IDLE_TIME),
    );
    this.#pauseMs = Math.max(SHORTEST_PAUSE_MS, shortest);
  }

  start(): void {
    this.#timer = this.#clock.schedule(this.#pauseMs, () => {
      this.#collect();
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #collect(): void {
    const now = this.#clock.monotonic();
    for (const activation of this.#catalog.values()) {
      if (activation.isIdle(now)) void activation.close("idle");
    }
  }
}
