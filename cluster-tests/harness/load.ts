import { messageOf, type Scheduled, systemClock } from "@troupe/core";
import { type Cluster, type Ran, TroupeError } from "troupe";
import { Ledger } from "../actors/ledger.ts";
import { Relay } from "../actors/relay.ts";

/** Enough for each of three silos to have some. */
const LEDGERS = 24;
const RELAYS = 6;

/** Milliseconds between two operations: a steady load that leaves most of a small machine to the silos. */
const EVERY_MS = 8;

interface Failure {
  readonly operation: number;
  /** The code of the error, or the name of what is none of Troupe's. */
  readonly code: string;
  readonly ran: Ran;
  readonly message: string;
}

/** What is in the ledgers compared with what the callers were told. All empty is as it should be. */
export interface Discrepancies {
  /** Acknowledged, and not there. */
  readonly lost: readonly number[];
  /** There, or run, more than once. */
  readonly doubled: readonly number[];
  /** Reported as not run, and there. */
  readonly denied: readonly number[];
  /** There before one that its caller made earlier. */
  readonly outOfOrder: readonly number[];
}

export const NO_DISCREPANCIES: Discrepancies = { lost: [], doubled: [], denied: [], outOfOrder: [] };

/**
 * Operations on ledgers, one each few milliseconds whether or not earlier ones were answered: each odd one straight from the
 * client, each even one by way of a relay, so that silos call each other as well.
 */
export class Load {
  readonly failures: Failure[] = [];
  readonly #acknowledged = new Set<number>();
  readonly #client: Cluster;
  readonly #pending = new Set<Promise<void>>();
  #next = 1;
  #timer: Scheduled | undefined;

  constructor(client: Cluster) {
    this.#client = client;
    this.#step();
  }

  get acknowledged(): number {
    return this.#acknowledged.size;
  }

  /** Makes no further operations; resolves when all were answered. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    await Promise.all(this.#pending);
  }

  /** Reads every ledger. `journal` has what ran, stored or not. */
  async check(journal: readonly (readonly string[])[]): Promise<Discrepancies> {
    const ids = Array.from({ length: LEDGERS }, (_, index) => `ledger-${index}`);
    const ledgers = await Promise.all(ids.map((id) => this.#client.actor(Ledger, id).read()));
    const stored = ledgers.flat();
    const ran = journal.filter(([, what]) => what === "record").map(([, , , operation]) => Number(operation));
    const denied = new Set(this.failures.filter((failure) => failure.ran === "no").map(({ operation }) => operation));
    return {
      lost: [...this.#acknowledged].filter((operation) => !stored.includes(operation)),
      doubled: [...repeated(stored), ...repeated(ran)],
      denied: [...stored, ...ran].filter((operation) => denied.has(operation)),
      outOfOrder: ledgers.flatMap((operations) => misplaced(operations.filter((operation) => isDirect(operation)))),
    };
  }

  #step(): void {
    this.#timer = systemClock.schedule(EVERY_MS, () => this.#step());
    const operation = this.#next++;
    const done = this.#perform(operation).finally(() => this.#pending.delete(done));
    this.#pending.add(done);
  }

  async #perform(operation: number): Promise<void> {
    const ledger = `ledger-${Math.floor(operation / 2) % LEDGERS}`;
    try {
      if (isDirect(operation)) await this.#client.actor(Ledger, ledger).record(operation);
      else await this.#client.actor(Relay, `relay-${operation % RELAYS}`).record(ledger, operation);
      this.#acknowledged.add(operation);
    } catch (error) {
      const { code, ran } = error instanceof TroupeError ? error : { code: (error as Error).name, ran: "yes" as const };
      this.failures.push({ operation, code, ran, message: messageOf(error) });
    }
  }
}

function isDirect(operation: number): boolean {
  return operation % 2 === 1;
}

function repeated(operations: readonly number[]): number[] {
  const seen = new Set<number>();
  return operations.filter((operation) => seen.size === seen.add(operation).size);
}

function misplaced(operations: readonly number[]): number[] {
  return operations.filter((operation, index) => operation < (operations[index - 1] ?? 0));
}
