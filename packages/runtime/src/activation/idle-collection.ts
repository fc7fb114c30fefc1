import type { Clock, Scheduled } from "@troupe/core";
import type { SiloHost, SiloService } from "@troupe/sdk";

/**
 * An idle actor stays for up to a tenth of its `idleAfter` longer; looking more often would only
 * cost.
 */
const LOOKS_PER_IDLE_TIME = 10;
const SHORTEST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 30_000;

/** Deactivates actors that nobody called for their type's `idleAfter`. */
export class IdleCollection implements SiloService {
  readonly name = "idle-collection";
  readonly stage = 100;
  readonly #clock: Clock;
  readonly #silo: SiloHost;
  readonly #pauseMs: number;
  #timer: Scheduled | undefined;

  constructor(silo: SiloHost) {
    this.#clock = silo.clock;
    this.#silo = silo;
    const looks = [...silo.definitions.values()].map(
      ({ idleAfterMs }) => idleAfterMs / LOOKS_PER_IDLE_TIME,
    );
    this.#pauseMs = Math.max(SHORTEST_PAUSE_MS, Math.min(LONGEST_PAUSE_MS, ...looks));
  }

  start(): void {
    this.#timer = this.#clock.schedule(this.#pauseMs, () => {
      this.#silo.collectIdle();
      this.start();
    });
  }

  drain(): void {
    this.#timer?.cancel();
  }

  stop(): void {
    this.drain();
  }
}
