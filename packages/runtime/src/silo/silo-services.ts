import { type DueEntry, type Logger, messageOf } from "@troupe/core";
import type { SiloService } from "@troupe/sdk";

/** Of a service that gives no stage: after the built-in ones. */
const DEFAULT_STAGE = 500;

/** The services of one silo session, in the order in which they start. See `SiloService`. */
export class SiloServices {
  readonly #services: readonly SiloService[];
  readonly #logger: Logger;

  constructor(services: readonly SiloService[], logger: Logger) {
    this.#services = services.toSorted((one, other) => stageOf(one) - stageOf(other));
    this.#logger = logger;
  }

  /** Rejects with what a service's start threw; those before it have started. */
  async start(): Promise<void> {
    for (const service of this.#services) await service.start?.();
  }

  ownershipChanged(): void {
    for (const service of this.#services) service.ownershipChanged?.();
  }

  entriesStored(entries: readonly DueEntry[]): void {
    for (const service of this.#services) service.entriesStored?.(entries);
  }

  /** From now on no service makes anything happen by itself. */
  async drain(): Promise<void> {
    await Promise.all(this.#services.toReversed().map((service) => this.#end(service, "drain")));
  }

  /** Resolves when nothing that a service began is under way any more. */
  async stop(): Promise<void> {
    for (const service of this.#services.toReversed()) await this.#end(service, "stop");
  }

  /** One that fails keeps no other from stopping. */
  async #end(service: SiloService, step: "drain" | "stop"): Promise<void> {
    try {
      await service[step]?.();
    } catch (error) {
      const facts = { service: service.name, step, reason: messageOf(error) };
      this.#logger.error(facts, "a service of the silo did not stop cleanly");
    }
  }
}

function stageOf({ stage }: SiloService): number {
  return stage ?? DEFAULT_STAGE;
}
