import { type DueEntry, REMINDER_BUCKETS } from "@troupe/core";
import type { SiloHost, SiloService } from "@troupe/sdk";
import { REMINDER_TURN, SKIP_REMINDER_TURN } from "./reminders-part.ts";
import { ReminderService, type TickOutcome } from "./reminder-service.ts";
import { isTickThrew } from "./tick-threw.ts";

/** Makes the reminders of a silo's actors tick, by calls like any other, which wake them. */
export class ReminderTicks implements SiloService {
  readonly name = "reminders";
  readonly stage = 120;
  readonly #silo: SiloHost;
  readonly #service: ReminderService;

  constructor(silo: SiloHost) {
    const { clock, random, logger, reminderStore } = silo;
    this.#silo = silo;
    this.#service = new ReminderService({
      clock,
      random,
      logger,
      store: reminderStore,
      owns: (address) => silo.owns(address),
      tick: (entry, attempt) => this.#tick(entry, attempt),
      skip: async ({ address, name, dueAt }) => {
        await silo.callTurn(address, SKIP_REMINDER_TURN, [name, dueAt]);
      },
    });
  }

  start(): void {
    this.#service.start();
  }

  ownershipChanged(): void {
    this.#service.setBuckets(this.#silo.ownedBuckets());
  }

  entriesStored(entries: readonly DueEntry[]): void {
    const due = entries.filter(({ bucket }) => bucket < REMINDER_BUCKETS);
    if (due.length > 0) this.#service.planned(due);
  }

  drain(): void {
    this.#service.stop();
  }

  async stop(): Promise<void> {
    this.#service.stop();
    await this.#service.ended();
  }

  async #tick({ address, name, dueAt, tag }: DueEntry, attempt: number): Promise<TickOutcome> {
    try {
      const result = await this.#silo.callTurn(address, REMINDER_TURN, [name, dueAt, attempt, tag]);
      return { kind: result === "early" ? "early" : "done" };
    } catch (error) {
      if (!isTickThrew(error)) throw error;
      return { kind: "threw", attempts: error.attempts, backoffMs: error.backoffMs };
    }
  }
}
