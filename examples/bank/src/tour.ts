import { randomInt, randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { type Cluster, connect } from "troupe";
import { Account, type Overview } from "./account.ts";
import { type Audit, audit, isSound, type Order } from "./audit.ts";
import { CountedCalls, forEachOf } from "./counted-calls.ts";
import type { LocalCluster } from "./local-cluster.ts";
import { formatCount, formatMoney, type Progress } from "./progress.ts";
import type { AccountLine } from "./read-accounts.ts";
import type { TourOptions } from "./tour-options.ts";

/** Calls under way at the same time. */
const WIDTH = 32;

/** An account keeps its last 200 entries, and the audit wants to see them all. */
const TRANSFERS_PER_ACCOUNT = 40;

/**
 * No new transfer is ordered after this many seconds, so that the tour ends within a minute on a
 * slow machine too.
 */
const ORDERING_MAX_S = 25;

/**
 * Times that the accounts are looked at, a second apart, until what has not arrived is taken for
 * lost.
 */
const LOOKS_MAX = 15;

/**
 * The part of what an account was opened with that one transfer takes at most: most accounts can
 * then afford theirs.
 */
const LARGEST_PART = 1 / 20;

export interface TourParts {
  readonly options: TourOptions;
  readonly accounts: readonly AccountLine[];
  readonly silos: LocalCluster;
  readonly progress: Progress;
  /** The tour is to end at once. */
  readonly signal: AbortSignal;
}

/**
 * The bank's customers, outside of the cluster: they open accounts, order transfers, and count what
 * is there in the end.
 */
export class Tour {
  readonly #parts: TourParts;
  readonly #calls: CountedCalls;
  readonly #orders: Order[] = [];
  #refused = 0;

  constructor(parts: TourParts) {
    this.#parts = parts;
    this.#calls = new CountedCalls(parts.signal);
  }

  /** True if the money is conserved and no acknowledged transfer was lost. */
  async run(): Promise<boolean> {
    const { silos, progress, accounts, signal } = this.#parts;
    const { cluster, membership } = silos.place;
    await this.#startSilos();
    await using bank = await connect({ cluster, membership, logLevel: "error" });
    // Closing ends the calls that are under way.
    signal.addEventListener("abort", () => void bank.close());
    await this.#openAccounts(bank);
    await this.#transferMoney(bank);
    progress.line("counting the money, once every transfer has arrived");
    const before = accounts.reduce((sum, { balance }) => sum + balance, 0);
    const result = await this.#auditAtRest(bank, before);
    this.#report(result, before);
    return isSound(result, before);
  }

  async #startSilos(): Promise<void> {
    const { silos, options, progress } = this.#parts;
    progress.line(
      `starting ${options.silos} silos; members in ${silos.place.membership}, accounts in ${silos.place.storage}`,
    );
    const started = await Promise.all(
      Array.from({ length: options.silos }, async () => {
        const silo = await silos.startSilo();
        return `  ${silo.name} is process ${silo.pid} and listens on ${await silo.ready}`;
      }),
    );
    for (const line of started) progress.line(line);
  }

  async #openAccounts(bank: Cluster): Promise<void> {
    const { accounts, progress } = this.#parts;
    let opened = 0;
    progress.line(`opening ${formatCount(accounts.length)} accounts`);
    await forEachOf(accounts, WIDTH, async ({ id, holder, balance }) => {
      this.#parts.signal.throwIfAborted();
      await this.#calls.make(() => bank.actor(Account, id).open(holder, balance));
      progress.show("opened", ++opened, accounts.length);
    });
  }

  /** Random transfers. After a third of them a silo is killed, and a new one is started. */
  async #transferMoney(bank: Cluster): Promise<void> {
    const { accounts, options, progress, signal } = this.#parts;
    const count = Math.min(options.transfers, accounts.length * TRANSFERS_PER_ACCOUNT);
    const start = process.uptime();
    const part = (): number => Math.max(done / count, (process.uptime() - start) / ORDERING_MAX_S);
    let done = 0;
    let crash: Promise<void> | undefined;
    progress.line(`making ${formatCount(count)} transfers, ${WIDTH} at a time`);
    await forEachOf(Array(count).keys(), WIDTH, async () => {
      signal.throwIfAborted();
      if (process.uptime() - start > ORDERING_MAX_S) return;
      await this.#transferOnce(bank);
      done++;
      if (crash === undefined && part() >= 1 / 3) {
        crash = this.#crash();
        // It is waited for below; until then its failure must not end the process.
        crash.catch(() => undefined);
      }
      progress.show("transferred", done, count);
    });
    await crash;
    const perSecond = Math.round(done / (process.uptime() - start));
    progress.line(`  ${formatCount(done)} transfers ordered, ${formatCount(perSecond)} a second`);
  }

  async #transferOnce(bank: Cluster): Promise<void> {
    const { accounts } = this.#parts;
    const place = randomInt(accounts.length);
    const from = accounts[place];
    const to = accounts[(place + 1 + randomInt(accounts.length - 1)) % accounts.length];
    if (from === undefined || to === undefined) return;
    const amount = 1 + randomInt(1 + Math.floor(from.balance * LARGEST_PART));
    const order: Order = {
      name: randomUUID(),
      from: from.id,
      to: to.id,
      amount,
      outcome: "unknown",
    };
    this.#orders.push(order);
    try {
      // With the order's name it may be repeated: the account knows an order again.
      await this.#calls.make(() =>
        bank
          .actor(Account, order.from, { timeout: "5s" })
          .transfer(order.to, order.amount, order.name),
      );
      order.outcome = "acknowledged";
    } catch (error) {
      if (!(error instanceof RangeError)) return;
      order.outcome = "refused";
      this.#refused++;
    }
  }

  async #crash(): Promise<void> {
    const { silos, progress } = this.#parts;
    const victim = silos.silos[randomInt(silos.silos.length)];
    if (victim === undefined) return;
    await silos.kill(victim);
    progress.line(
      `  ${victim.name} was killed with SIGKILL, its accounts with it; starting another`,
    );
    const silo = await silos.startSilo();
    progress.line(`  ${silo.name} is process ${silo.pid} and listens on ${await silo.ready}`);
  }

  /** Looks at every account, and again while something is missing: it may still be on its way. */
  async #auditAtRest(bank: Cluster, before: number): Promise<Audit> {
    const { accounts, progress, signal } = this.#parts;
    for (let look = 1; ; look++) {
      const overviews = new Map<string, Overview>();
      // oxlint-disable-next-line no-await-in-loop -- looks again until all has arrived.
      await forEachOf(accounts, WIDTH, async ({ id }) => {
        overviews.set(id, await this.#calls.make(() => bank.actor(Account, id).overview()));
      });
      const result = audit(this.#orders, overviews);
      if (isSound(result, before) || look === LOOKS_MAX) return result;
      progress.line(
        `  ${formatCount(result.lost.length + result.halves.length)} transfers are still on their way, or lost`,
      );
      // oxlint-disable-next-line no-await-in-loop -- looks again until all has arrived.
      await pause(1_000, undefined, { signal });
    }
  }

  #report(result: Audit, before: number): void {
    const { progress } = this.#parts;
    const { made, failed, retried, slowest } = this.#calls;
    const unknown = this.#orders.length - result.acknowledged - this.#refused;
    const wrong = [
      ...result.lost.map((name) => `${name} was acknowledged and is lost`),
      ...result.doubled.map((name) => `${name} was carried out twice`),
      ...result.halves.map((name) => `${name} was carried out on one side only`),
    ];
    progress.line(`
  money before       ${formatMoney(before)}
  money after        ${formatMoney(result.total)}${result.total === before ? ", conserved" : "  NOT CONSERVED"}
  transfers          ${formatCount(result.acknowledged)} acknowledged, ${formatCount(this.#refused)} refused for want of money, ${formatCount(unknown)} unknown
  acknowledged ones  ${formatCount(result.lost.length)} lost, ${formatCount(result.doubled.length)} doubled
  calls              ${formatCount(made)} made, ${formatCount(failed)} failed, ${formatCount(retried)} of them retried
  slowest call       ${formatCount(Math.round(slowest * 1_000))} ms, with its repetitions`);
    for (const line of wrong.slice(0, 20)) progress.line(`  transfer ${line}`);
  }
}
