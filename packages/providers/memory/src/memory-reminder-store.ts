import { TroupeError, type DueEntry, type ReminderStore } from "@troupe/core";
import { type DueIndex, MemoryDueIndex } from "./memory-due-index.ts";

/** A `ReminderStore` on this process's memory. Several may be open on one `MemoryDueIndex`. */
export class MemoryReminderStore implements ReminderStore {
  readonly #index: DueIndex;
  #closed = false;

  constructor(index: DueIndex = new MemoryDueIndex()) {
    this.#index = index;
  }

  async add(entries: readonly DueEntry[]): Promise<void> {
    this.#checkOpen();
    for (const entry of entries) this.#index.add(entry);
  }

  async remove(entries: readonly DueEntry[]): Promise<void> {
    this.#checkOpen();
    for (const entry of entries) this.#index.remove(entry);
  }

  async due(
    buckets: readonly number[],
    until: number,
    limit: number,
    after?: DueEntry,
  ): Promise<DueEntry[]> {
    this.#checkOpen();
    return this.#index.due(buckets, until, limit, after);
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #checkOpen(): void {
    if (this.#closed)
      throw new TroupeError("STORE_UNAVAILABLE", "this reminder store was closed", {
        ran: "no",
        retryable: false,
      });
  }
}
