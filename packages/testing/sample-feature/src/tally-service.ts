import type { SiloHost, SiloService } from "@troupe/sdk";
import { MARK_TURN } from "./tally-part.ts";

/** Marks an actor of this silo each time the silo gets another share of the actors. */
export class TallyService implements SiloService {
  readonly name = "tally";
  /** What happened to the service, in order. */
  readonly seen: string[] = [];
  readonly #silo: SiloHost;
  #marking: Promise<unknown> | undefined;

  constructor(silo: SiloHost) {
    this.#silo = silo;
  }

  start(): void {
    this.seen.push("started");
    const text = `by ${this.#silo.siloId}`;
    this.#marking = this.#silo
      .callTurn({ type: "Tallied", id: "services" }, MARK_TURN, [text])
      .catch((error: unknown) => this.seen.push(String(error)));
  }

  ownershipChanged(): void {
    this.seen.push("ownership changed");
  }

  drain(): void {
    this.seen.push("drains");
  }

  async stop(): Promise<void> {
    await this.#marking;
    this.seen.push("stopped");
  }
}
