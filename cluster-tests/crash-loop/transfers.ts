import type { Random } from "@troupe/core";
import type { Purse, PurseContents } from "./actors.ts";
import { PURSE_START, purseId, PURSES } from "./facts.ts";
import type { SteadyCaller } from "./steady-caller.ts";
import type { Workload } from "./workload.ts";

const AMOUNT_MAX = 50;
const HOPS_MAX = 3;

/**
 * Transfers around a ring: the money is conserved, and each account takes what the one before it
 * sent, once and in its order.
 */
export class Transfers implements Workload {
  readonly #caller: SteadyCaller;
  readonly #random: Random;
  readonly #acknowledged: string[] = [];
  #made = 0;
  #letters = 0;

  constructor(caller: SteadyCaller, random: Random) {
    this.#caller = caller;
    this.#random = random;
  }

  step(): void {
    const order = `order-${++this.#made}`;
    const payer = purseId(this.#made);
    const amount = 1 + Math.floor(this.#random.next() * AMOUNT_MAX);
    const hops = Math.floor(this.#random.next() * (HOPS_MAX + 1));
    this.#caller.call(
      `${payer} pays ${order}`,
      (idempotencyKey) =>
        this.#caller.actor<Purse>("Purse", payer, idempotencyKey).pay(order, amount, hops),
      () => this.#acknowledged.push(order),
    );
  }

  async underWay(): Promise<readonly string[]> {
    const purses = await this.#read();
    this.#letters = purses.reduce((sum, { taken }) => sum + taken.length, 0);
    return purses.flatMap(({ sent }, index) => {
      const taken = purses[(index + 1) % PURSES]?.taken.length ?? 0;
      return taken === sent.length
        ? []
        : [`${purseId(index)} has sent ${sent.length}, of which ${taken} have arrived`];
    });
  }

  async problems(): Promise<readonly string[]> {
    const purses = await this.#read();
    const problems: string[] = [];
    const money = purses.reduce((sum, { balance }) => sum + balance, 0);
    if (money !== PURSES * PURSE_START)
      problems.push(`the ring has ${money} instead of ${PURSES * PURSE_START}`);
    for (const [index, { sent }] of purses.entries()) {
      const taken = purses[(index + 1) % PURSES]?.taken ?? [];
      const at = sent.findIndex((order, place) => taken[place] !== order);
      if (at >= 0)
        problems.push(
          `${purseId(index)} sent ${sent[at]} as number ${at + 1}, and ${taken[at]} was taken`,
        );
      if (taken.length > sent.length)
        problems.push(
          `${purseId(index + 1)} took ${taken.length - sent.length} that were not sent`,
        );
    }
    const sent = new Set(purses.flatMap((purse) => purse.sent));
    for (const order of this.#acknowledged)
      if (!sent.has(order)) problems.push(`${order} was acknowledged and never sent`);
    return [...problems, ...(await this.#deadLetters())];
  }

  summary(): string {
    return `${this.#acknowledged.length} transfers with ${this.#letters} durable sends`;
  }

  #read(): Promise<PurseContents[]> {
    return Promise.all(
      Array.from({ length: PURSES }, (_, index) =>
        this.#caller.actor<Purse>("Purse", purseId(index)).read(),
      ),
    );
  }

  async #deadLetters(): Promise<string[]> {
    const ids = Array.from({ length: PURSES }, (_, index) => purseId(index));
    const letters = await Promise.all(
      ids.map((id) => this.#caller.client.deadLetters("Purse", id).list()),
    );
    return letters.flatMap((dead, index) =>
      dead.map(({ reason }) => `${ids[index]} has a dead letter: ${reason}`),
    );
  }
}
