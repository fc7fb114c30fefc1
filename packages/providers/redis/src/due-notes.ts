import type { DueEntry } from "@troupe/core";
import type { ActorRequests } from "./actor-requests.ts";
import type { StoreKeys } from "./store-keys.ts";

/** Changes of the index of due times, each entry a request of its own. */
export class DueNotes {
  readonly #requests: ActorRequests;
  readonly #keys: StoreKeys;

  constructor(requests: ActorRequests, keys: StoreKeys) {
    this.#requests = requests;
    this.#keys = keys;
  }

  add(entries: readonly DueEntry[]): Promise<void> {
    return this.#note("add", entries);
  }

  remove(entries: readonly DueEntry[]): Promise<void> {
    return this.#note("remove", entries);
  }

  async #note(kind: "add" | "remove", entries: readonly DueEntry[]): Promise<void> {
    await Promise.all(
      entries.map((entry) => this.#requests.note(kind, this.#keys.bucket(entry.bucket), entry)),
    );
  }
}
