import type { Member, View } from "@troupe/core";
import type { IEvent, IKeyValue } from "etcd3";
import { parseMark } from "./mark.ts";
import type { MemberKeys } from "./member-keys.ts";
import { parseMember } from "./member-record.ts";

/**
 * How a view gets its number. etcd counts revisions for all of its keys, a list says only how far
 * they are, and a key that is gone leaves nothing that says when it went. So a key beside the
 * records, the *mark*, says at which revisions views are taken.
 *
 * V1. A view is the members at a revision at which the mark was written, and its number is the
 *     mark's base plus that revision. So views with the same number are equal, in whatever process
 *     they were made.
 * V2. Every transaction of ours that changes a record writes the mark, too. After a change that is
 *     not ours (a lease that ran out or was revoked) whoever sees it writes the mark, in a
 *     transaction that only the first of them wins. So in every process the members as they are now
 *     have the same number, and every change gets a higher one.
 * V3. Of a list, the newest mark is its number only if the members are what they were at the mark;
 *     otherwise V2 comes first.
 * V4. The base is the wall clock at the moment the mark was made. An etcd that was wiped or
 *     restored has no mark, one of another etcd, or a number lower than one that was seen, and gets
 *     a new mark with a higher base. So numbers never go back, which the claims of actors in the
 *     state store, made under them, rely on.
 *
 * The table holds the records as far as a watch has seen them and makes the views.
 */
export class MemberTable {
  readonly #keys: MemberKeys;
  readonly #onUnreadable: (key: string) => void;
  readonly #records = new Map<string, MemberEntry>();
  #base = 0;
  #revision = 0;
  #unmarked: number | undefined;
  #markLost = false;

  constructor(keys: MemberKeys, onUnreadable: (key: string) => void) {
    this.#keys = keys;
    this.#onUnreadable = onUnreadable;
  }

  /** Of the newest change that the table has. */
  get revision(): number {
    return this.#revision;
  }

  /** Revision of a change that no mark has followed yet (V2). */
  get unmarked(): number | undefined {
    return this.#unmarked;
  }

  /** True if somebody deleted the mark: the table can make no views any more. */
  get markLost(): boolean {
    return this.#markLost;
  }

  /**
   * Takes the mark and the records of a list, and gives the view at the mark, or undefined without
   * one.
   */
  load(entries: readonly IKeyValue[]): View | undefined {
    const mark = entries.find(({ key }) => this.#keys.kindOf(key) === "mark");
    for (const entry of entries) this.#put(entry);
    return mark === undefined ? undefined : this.#marked(mark);
  }

  /** Takes changes in their order, and gives the views at the marks among them. */
  apply(events: readonly IEvent[]): View[] {
    const views: View[] = [];
    for (const { type, kv } of events) {
      const kind = this.#keys.kindOf(kv.key);
      this.#revision = Math.max(this.#revision, Number(kv.mod_revision));
      if (kind === "silo") {
        this.#unmarked = Number(kv.mod_revision);
        if (type === "Put") this.#put(kv);
        else this.#records.delete(kv.key.toString());
      } else if (kind === "mark") {
        const view = type === "Put" ? this.#marked(kv) : undefined;
        if (view === undefined) this.#markLost = true;
        else views.push(view);
      }
    }
    return views;
  }

  /** True if the records are those of a list, which may be without values. */
  matches(entries: readonly IKeyValue[]): boolean {
    const silos = entries.filter(({ key }) => this.#keys.kindOf(key) === "silo");
    return (
      silos.length === this.#records.size &&
      silos.every(
        ({ key, mod_revision }) =>
          this.#records.get(key.toString())?.revision === Number(mod_revision),
      )
    );
  }

  #put(entry: IKeyValue): void {
    if (this.#keys.kindOf(entry.key) !== "silo") return;
    const [key, revision] = [entry.key.toString(), Number(entry.mod_revision)];
    const member = parseMember(entry.value);
    if (member === undefined) this.#onUnreadable(key);
    this.#records.set(key, { revision, member });
    this.#revision = Math.max(this.#revision, revision);
  }

  /**
   * The view at a mark that was just written or read (V1), or undefined if the mark cannot be read.
   */
  #marked(entry: IKeyValue): View | undefined {
    const mark = parseMark(entry.value);
    if (mark === undefined) return undefined;
    this.#base = mark.base;
    this.#revision = Math.max(this.#revision, Number(entry.mod_revision));
    this.#unmarked = undefined;
    const members = [...this.#records.values()].flatMap(({ member }) => member ?? []);
    return {
      revision: this.#base + Number(entry.mod_revision),
      members: members.toSorted((a, b) => (a.siloId < b.siloId ? -1 : 1)),
    };
  }
}

interface MemberEntry {
  readonly revision: number;
  readonly member: Member | undefined;
}
