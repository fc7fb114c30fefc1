import { type InForce, type Member, readInForce, type View } from "@troupe/core";
import type { IEvent, IKeyValue } from "etcd3";
import { parseMark } from "./mark.ts";
import type { MemberKeys } from "./member-keys.ts";
import { parseMember, parseObject } from "./member-record.ts";

/** A view, and the number of the one right before it: there never was one between. */
export interface NumberedView {
  readonly view: View;
  readonly before: number;
}

/**
 * How a view gets its number. etcd counts revisions for all of its keys. A list says only how far
 * they are, and a key that is gone leaves nothing that says when it went. So a key beside the
 * records, the *mark*, is written together with each record.
 *
 * VIEW-1. A view is the members after a change: a revision at which a record was put or deleted, or
 *     the mark was put. Its number is the mark's base plus that revision. So views with the same
 *     number are equal, in whatever process they were made. Nobody has to write anything for it
 *     when a lease runs out: an etcd that takes no writes still gives views.
 * VIEW-2. Every transaction of ours that puts a record puts the mark, too. So since the newest mark
 *     records can only have been deleted, and a list that is as long as the list at some earlier
 *     revision says that nothing changed between. That is how a list gets the number of the last
 *     change. If etcd has compacted that history, a new mark makes a new view.
 * VIEW-3. The base is the wall clock at the moment the mark was made. An etcd that was wiped or
 *     restored has no mark, one of another etcd, or a number lower than one that was seen, and gets
 *     a new mark with a higher base. So numbers never go back, which the claims of actors in the
 *     state store, made under them, rely on.
 *
 * Earlier versions made views at marks only, and marked each deletion. Their views have the same
 * numbers as here.
 *
 * The table holds the records as far as a watch has seen them and makes the views.
 */
export class MemberTable {
  readonly #keys: MemberKeys;
  readonly #onUnreadable: (key: string) => void;
  readonly #records = new Map<string, MemberEntry>();
  /** Which definition is in force, by type. */
  readonly #inForce = new Map<string, InForce>();
  /** Everything in the range of the records, also what is none. */
  readonly #present = new Set<string>();
  #base = 0;
  #revision = 0;
  /** The number of the last view. */
  #last = 0;
  #markLost = false;
  /** Some of the changes of a transaction were applied. */
  #isChanged = false;

  constructor(keys: MemberKeys, onUnreadable: (key: string) => void) {
    this.#keys = keys;
    this.#onUnreadable = onUnreadable;
  }

  /** Of the newest change that the table has. */
  get revision(): number {
    return this.#revision;
  }

  /** How many keys there are in the range of the records. */
  get size(): number {
    return this.#present.size;
  }

  /** True if somebody deleted the mark: the table can make no views any more. */
  get markLost(): boolean {
    return this.#markLost;
  }

  /** Takes a list, and gives its view. `changedAt` is the revision of the last change (VIEW-2). */
  load(entries: readonly IKeyValue[], base: number, changedAt: number): View {
    for (const entry of entries) {
      this.#present.add(entry.key.toString());
      this.#put(entry);
    }
    this.#base = base;
    return this.#viewAt(changedAt);
  }

  /** Takes changes in their order, and gives the view after each. */
  apply(events: readonly IEvent[]): NumberedView[] {
    const views: NumberedView[] = [];
    for (const [index, event] of events.entries()) {
      const revision = Number(event.kv.mod_revision);
      const isChange = this.#applyOne(event);
      if (this.#markLost) return views;
      this.#isChanged ||= isChange;
      // One transaction may change several keys, and they are one change.
      if (!this.#isChanged || Number(events[index + 1]?.kv.mod_revision) === revision) continue;
      this.#isChanged = false;
      const before = this.#last;
      views.push({ view: this.#viewAt(revision), before });
    }
    return views;
  }

  /** True if it makes a new view. */
  #applyOne({ type, kv }: IEvent): boolean {
    const key = kv.key.toString();
    if (type === "Put") this.#present.add(key);
    else this.#present.delete(key);
    this.#revision = Math.max(this.#revision, Number(kv.mod_revision));
    switch (this.#keys.kindOf(kv.key)) {
      case "foreign":
        // A list cannot tell when one was deleted, so it counts like a record.
        return true;
      case "silo":
        if (type === "Put") this.#put(kv);
        else this.#records.delete(key);
        return true;
      case "type":
        if (type === "Put") this.#put(kv);
        else this.#inForce.delete(this.#keys.typeOf(kv.key) ?? "");
        return true;
      case "mark": {
        const mark = type === "Put" ? parseMark(kv.value) : undefined;
        this.#markLost = mark === undefined;
        this.#base = mark?.base ?? this.#base;
        return true;
      }
    }
  }

  #put(entry: IKeyValue): void {
    this.#revision = Math.max(this.#revision, Number(entry.mod_revision));
    switch (this.#keys.kindOf(entry.key)) {
      case "silo":
        return this.#putMember(entry);
      case "type":
        return this.#putInForce(entry);
      case "mark":
      case "foreign":
    }
  }

  #putMember({ key, value }: IKeyValue): void {
    const member = parseMember(value);
    if (member === undefined) this.#onUnreadable(key.toString());
    this.#records.set(key.toString(), { member });
  }

  #putInForce({ key, value }: IKeyValue): void {
    const type = this.#keys.typeOf(key);
    const record = readInForce(parseObject(value));
    if (type === undefined || record === undefined) this.#onUnreadable(key.toString());
    else this.#inForce.set(type, record);
  }

  #viewAt(revision: number): View {
    this.#revision = Math.max(this.#revision, revision);
    this.#last = this.#base + revision;
    const members = [...this.#records.values()].flatMap(({ member }) => member ?? []);
    return {
      revision: this.#last,
      members: members.toSorted((a, b) => (a.siloId < b.siloId ? -1 : 1)),
      ...(this.#inForce.size === 0 ? {} : { inForce: Object.fromEntries(this.#inForce) }),
    };
  }
}

interface MemberEntry {
  readonly member: Member | undefined;
}
