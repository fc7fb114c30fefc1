import type { DueEntry, ReminderStore } from "@troupe/core";

/**
 * What an index of due times can do wrong. Each would make a reminder late, doubled for ever, or
 * lost.
 */
export const REMINDER_FLAWS = [
  "loses one entry of many that it is given at once",
  "loses an entry of a reminder that has another",
  "acknowledges before it has stored",
  "keeps in memory what it acknowledges",
  "gives an entry a millisecond too early",
  "gives an entry a millisecond too late",
  "compares times as text",
  "gives the latest first",
  "gives the first that it finds, not the earliest",
  "gives more than the limit",
  "leaves out one entry when the limit is reached",
  "gives entries of other buckets",
  "gives an entry twice that was added twice",
  "removes nothing",
  "removes every due time of the reminder",
  "removes the reminders of the whole actor",
  "takes a bucket for another",
  "takes names in upper and lower case for the same",
  "takes entries that differ in their tags for one",
  "gives every page from the start",
  "leaves out entries of one time at the end of a page",
] as const;

export type ReminderFlaw = (typeof REMINDER_FLAWS)[number];

/** The entries that are stored, in the order in which they were added. */
export type FlawedIndex = DueEntry[];

const MANY = 1_000;

/**
 * An index of due times in memory with one flaw, or with none. Several may be open on the same
 * entries.
 */
export class FlawedReminderStore implements ReminderStore {
  readonly #flaw: ReminderFlaw | undefined;
  readonly #index: FlawedIndex;
  /** What a crash would lose, if the store's flaw is that there is any such thing. */
  readonly #memory: DueEntry[] = [];

  constructor(index: FlawedIndex, flaw: ReminderFlaw | undefined) {
    this.#index = index;
    this.#flaw = flaw;
  }

  async add(entries: readonly DueEntry[]): Promise<void> {
    const kept =
      this.#has("loses one entry of many that it is given at once") && entries.length > MANY
        ? entries.slice(1)
        : entries;
    if (this.#has("acknowledges before it has stored"))
      setImmediate(() => this.#addAll(this.#index, kept));
    else
      this.#addAll(
        this.#has("keeps in memory what it acknowledges") ? this.#memory : this.#index,
        kept,
      );
  }

  async remove(entries: readonly DueEntry[]): Promise<void> {
    if (this.#has("removes nothing")) return;
    const removed = new Set(entries.map((entry) => this.#removalKey(entry)));
    for (const list of [this.#index, this.#memory]) {
      const left = list.filter((entry) => !removed.has(this.#removalKey(entry)));
      list.splice(0, list.length, ...left);
    }
  }

  async due(
    buckets: readonly number[],
    until: number,
    limit: number,
    after?: DueEntry,
  ): Promise<DueEntry[]> {
    const asked = new Set(buckets);
    const due = [...this.#index, ...this.#memory].filter(
      (entry) => this.#isDue(entry, asked, until) && this.#isBehind(entry, after),
    );
    if (this.#has("gives the first that it finds, not the earliest"))
      return due.slice(0, limit).toSorted(byTime);
    const sorted = due.toSorted(this.#has("compares times as text") ? byText : byTime);
    if (this.#has("gives the latest first")) sorted.reverse();
    if (this.#has("leaves out one entry when the limit is reached") && sorted.length > limit)
      sorted.splice(limit - 1, 1);
    return this.#has("gives more than the limit")
      ? sorted.slice(0, limit + 1)
      : sorted.slice(0, limit);
  }

  async close(): Promise<void> {
    this.#memory.length = 0;
  }

  #has(flaw: ReminderFlaw): boolean {
    return this.#flaw === flaw;
  }

  #addAll(list: DueEntry[], entries: readonly DueEntry[]): void {
    const known = new Set(list.map((entry) => this.#keyOf(entry)));
    for (const entry of entries) {
      const key = this.#keyOf(entry);
      if (known.has(key) && !this.#has("gives an entry twice that was added twice")) continue;
      known.add(key);
      list.push(structuredClone(entry));
    }
  }

  #isBehind(entry: DueEntry, after: DueEntry | undefined): boolean {
    if (after === undefined || this.#has("gives every page from the start")) return true;
    return this.#has("leaves out entries of one time at the end of a page")
      ? entry.dueAt > after.dueAt
      : byTime(entry, after) > 0;
  }

  #isDue({ bucket, dueAt }: DueEntry, asked: ReadonlySet<number>, until: number): boolean {
    if (!asked.has(bucket) && !(this.#has("gives entries of other buckets") && asked.size > 0))
      return false;
    if (this.#has("gives an entry a millisecond too early")) return dueAt <= until + 1;
    return this.#has("gives an entry a millisecond too late") ? dueAt < until : dueAt <= until;
  }

  /** Entries that are alike in this go together when one of them is removed. */
  #removalKey(entry: DueEntry): string {
    const { bucket, address, name } = entry;
    if (this.#has("removes the reminders of the whole actor"))
      return JSON.stringify([bucket, address.type, address.id]);
    if (this.#has("removes every due time of the reminder"))
      return JSON.stringify([bucket, address.type, address.id, name]);
    return this.#keyOf(entry);
  }

  #keyOf({ bucket, address, name, dueAt, tag }: DueEntry): string {
    const parts = [address.type, address.id, name];
    if (!this.#has("takes entries that differ in their tags for one")) parts.push(tag);
    if (!this.#has("takes a bucket for another")) parts.push(String(bucket));
    if (!this.#has("loses an entry of a reminder that has another")) parts.push(String(dueAt));
    const key = JSON.stringify(parts);
    return this.#has("takes names in upper and lower case for the same") ? key.toLowerCase() : key;
  }
}

function byTime(one: DueEntry, other: DueEntry): number {
  const [left, right] = [one, other].map(({ bucket, address, name, tag }) =>
    JSON.stringify([bucket, address.type, address.id, name, tag]),
  );
  return one.dueAt - other.dueAt || Buffer.from(left ?? "").compare(Buffer.from(right ?? ""));
}

function byText(one: DueEntry, other: DueEntry): number {
  return String(one.dueAt) < String(other.dueAt) ? -1 : 1;
}
