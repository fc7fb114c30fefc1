import { messageOf, type Scheduled, systemClock } from "@troupe/core";
import { type Actor, type ActorRef, type Cluster, type Ran, TroupeError } from "troupe";
import type { Ledger } from "../actors/ledger.ts";
import type { Relay } from "../actors/relay.ts";

/** Enough for each of three silos to have some. */
const LEDGERS = 24;
const RELAYS = 6;

/**
 * Milliseconds between two operations: a steady load that leaves most of a small machine to the
 * silos.
 */
const EVERY_MS = 8;

export interface LoadOptions {
  /** How many ledgers there are. Default: 24. */
  readonly ledgers?: number;
  /** What the names of its ledgers begin with. Default: `"ledger"`. */
  readonly prefix?: string;
}

/** The way that operations take: to a ledger, straight or by way of a relay. */
export interface Route {
  readonly relay: string | undefined;
  readonly ledger: string;
}

/** A call that has come to its end. Times are on the monotonic clock. */
export interface EndedCall {
  readonly route: Route;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly failure: Failure | undefined;
}

export interface Failure {
  readonly operation: number;
  /** The code of the error, or the name of what is none of Troupe's. */
  readonly code: string;
  readonly ran: Ran;
  readonly message: string;
}

/**
 * What is in the ledgers compared with what the callers were told. All empty is as it should be.
 */
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

export const NO_DISCREPANCIES: Discrepancies = {
  lost: [],
  doubled: [],
  denied: [],
  outOfOrder: [],
};

/**
 * Operations on ledgers, one each few milliseconds whether or not earlier ones were answered: each
 * odd one straight from the client, each even one by way of a relay, so that silos call each other
 * as well.
 */
export class Load {
  readonly failures: Failure[] = [];
  readonly ended: EndedCall[] = [];
  readonly routes: readonly Route[];
  readonly prefix: string;
  readonly #ledgers: readonly string[];
  readonly #acknowledged = new Set<number>();
  readonly #client: Cluster;
  readonly #pending = new Set<Promise<void>>();
  #next = 1;
  #timer: Scheduled | undefined;

  constructor(client: Cluster, { ledgers = LEDGERS, prefix = "ledger" }: LoadOptions = {}) {
    this.#client = client;
    this.prefix = prefix;
    this.#ledgers = Array.from({ length: ledgers }, (_, index) => `${prefix}-${index}`);
    // After as many operations, the ways repeat.
    this.routes = Array.from({ length: 2 * ledgers * RELAYS }, (_, operation) =>
      this.#routeOf(operation),
    );
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
    const ledgers = await Promise.all(this.#ledgers.map((id) => this.ledger(id).read()));
    const stored = ledgers.flat();
    const mine = new Set(this.#ledgers);
    const ran = journal
      .filter(([, what, id = ""]) => what === "record" && mine.has(id))
      .map(([, , , operation]) => Number(operation));
    const denied = new Set(
      this.failures.filter((failure) => failure.ran === "no").map(({ operation }) => operation),
    );
    return {
      lost: [...this.#acknowledged].filter((operation) => !stored.includes(operation)),
      doubled: [...repeated(stored), ...repeated(ran)],
      denied: [...stored, ...ran].filter((operation) => denied.has(operation)),
      outOfOrder: ledgers.flatMap((operations) =>
        misplaced(operations.filter((operation) => isDirect(operation))),
      ),
    };
  }

  #step(): void {
    this.#timer = systemClock.schedule(EVERY_MS, () => this.#step());
    const operation = this.#next++;
    const done = this.#perform(operation).finally(() => this.#pending.delete(done));
    this.#pending.add(done);
  }

  /**
   * A reference by the name of the type: its class is for the silos, which load it in another form.
   */
  ledger(id: string): ActorRef<Ledger> {
    return this.#actor<Ledger>("Ledger", id);
  }

  relay(id: string): ActorRef<Relay> {
    return this.#actor<Relay>("Relay", id);
  }

  #actor<A extends Actor>(type: string, id: string): ActorRef<A> {
    return this.#client.actor(type, id) as unknown as ActorRef<A>;
  }

  #routeOf(operation: number): Route {
    const relay = isDirect(operation) ? undefined : `relay-${operation % RELAYS}`;
    return { relay, ledger: this.#ledgers[Math.floor(operation / 2) % this.#ledgers.length] ?? "" };
  }

  async #perform(operation: number): Promise<void> {
    const route = this.#routeOf(operation);
    const startedAt = systemClock.monotonic();
    const failure = await this.#outcomeOf(operation, route);
    if (failure === undefined) this.#acknowledged.add(operation);
    else this.failures.push(failure);
    this.ended.push({ route, startedAt, endedAt: systemClock.monotonic(), failure });
  }

  async #outcomeOf(operation: number, { relay, ledger }: Route): Promise<Failure | undefined> {
    try {
      if (relay === undefined) await this.ledger(ledger).record(operation);
      else await this.relay(relay).record(ledger, operation);
      return undefined;
    } catch (error) {
      const { code, ran } =
        error instanceof TroupeError ? error : { code: (error as Error).name, ran: "yes" as const };
      return { operation, code, ran, message: messageOf(error) };
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
