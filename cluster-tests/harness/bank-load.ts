import { messageOf } from "@troupe/core";
import type { Cluster } from "troupe";

const HOLDERS = Array.from({ length: 40 }, (_, index) => `holder-${index}`);
const OPENING = 10_000;

/** Transfers that are under way at the same time. */
const TELLERS = 8;

/** A bank from outside: its accounts are called by name, whatever release runs them. */
export class BankLoad {
  readonly failures: string[] = [];
  transfers = 0;
  readonly #client: Cluster;
  readonly #closing = new AbortController();

  constructor(client: Cluster) {
    this.#client = client;
  }

  async open(): Promise<void> {
    await Promise.all(HOLDERS.map((holder) => this.#call(holder, "open", [holder, OPENING])));
  }

  async work(): Promise<void> {
    await Promise.all(Array.from({ length: TELLERS }, (_, teller) => this.#tell(teller)));
  }

  close(): void {
    this.#closing.abort();
  }

  /** True if all money is there, and none is under way. */
  async isWhole(): Promise<boolean> {
    const balances = await Promise.all(HOLDERS.map((holder) => this.#call(holder, "read", [])));
    return balances.map(Number).reduce((sum, one) => sum + one) === HOLDERS.length * OPENING;
  }

  async #tell(teller: number): Promise<void> {
    for (let round = teller; !this.#closing.signal.aborted; round += TELLERS) {
      const from = HOLDERS[round % HOLDERS.length] ?? "";
      const to = HOLDERS[(round * 7 + 1) % HOLDERS.length] ?? "";
      if (from === to) continue;
      try {
        // oxlint-disable-next-line no-await-in-loop -- a teller has one customer at a time.
        await this.#call(from, "transfer", [to, 1]);
        this.transfers++;
      } catch (error) {
        this.failures.push(`${from}: ${messageOf(error)}`);
      }
    }
  }

  #call(holder: string, method: string, args: readonly unknown[]): Promise<unknown> {
    const account = this.#client.actor("Account", holder);
    return account[method]?.(...args) ?? Promise.reject(new Error(`there is no ${method}`));
  }
}
