import {
  type DirtyFlag,
  type FieldChange,
  type Fields,
  RecordTable,
  TroupeError,
} from "@troupe/core";
import { EventLog, type LogEntry } from "./event-log.ts";
import { PostponedEvents } from "./postponed-events.ts";
import type { From } from "./subscription.ts";
import { DEFAULT_RETENTION, type Retention } from "./topic.ts";
import { availableAt, sizeOf, type StoredEvent } from "./topic-event.ts";

/** How far a group has come in one partition. */
export interface Group {
  readonly name: string;
  /** Everything before this number is done. */
  readonly cursor: number;
  /** Tells it from an earlier group of the same name. */
  readonly generation: string;
  /** Who reads: actors of a type, or whoever has the lease. */
  readonly reader: ActorReader | LeaseReader;
}

/** A group whose events go to actors; the type is that of the actor which reads for them. */
export interface ActorReader {
  readonly kind: "actors";
  readonly type: string;
  /** True if it has read everything, and has to be told of the next event. */
  readonly isWaiting: boolean;
}

/** A group of programs outside of the cluster. */
export interface LeaseReader {
  readonly kind: "lease";
  /** Who has it. */
  readonly consumer: string;
  /** Until then nobody else gets it, in milliseconds since the Unix epoch. */
  readonly until: number;
}

/** What a group reads, and what it has done with. */
export interface Pull {
  readonly group: string;
  /** Everything before this number is done; undefined if the reader does not know. */
  readonly doneBefore: number | undefined;
  /** The first number that it wants; undefined for the first that is not done. */
  readonly from: number | undefined;
}

/** Events for a group. `next` is the number that the partition gives next. */
export interface Pulled {
  readonly kind: "pulled";
  readonly generation: string;
  /** Number of the first that is there; `next` if none is. */
  readonly from: number;
  readonly entries: readonly LogEntry[];
  readonly next: number;
}

/** How a group of actors begins, if it is new. */
export interface Join {
  /** The type of its readers. */
  readonly type: string;
  readonly from: From;
  /** See `Group`. */
  readonly generation: string;
}

/** What a program asks for. */
export interface Fetch {
  readonly pull: Pull;
  /** Tells the program from the others of its group. */
  readonly consumer: string;
  /** Where the group begins if it is new. */
  readonly start: From;
  /** Events that it wants at most. `"leave"`: none, and the group is free for others. */
  readonly count: number | "leave";
}

/** Events for a program. `isNew` if it did not have the group before: it begins at the cursor. */
export interface Fetched extends Pulled {
  readonly isNew: boolean;
}

/** What became of a publish. */
export interface Published {
  /** Undefined if the event waits for its time. */
  readonly seq: number | undefined;
  /** Groups that are to be told of it, with the types of their readers. */
  readonly wake: readonly { readonly group: string; readonly type: string }[];
}

/** What an operator sees of a partition. */
export interface PartitionNumbers {
  readonly first: number;
  readonly next: number;
  readonly bytes: number;
  readonly groups: readonly { readonly name: string; readonly lag: number }[];
}

/** Events, and bytes of them, that are read at once. */
const PULL_MAX = 256;
const PULL_BYTES = 512 * 1_024;

/** For so long a program has a group that it does not ask for again. */
export const LEASE_MS = 15_000;

/** Groups of one partition. Each of them may hold events back. */
const GROUPS_MAX = 100;

/** Events whose time has come that are taken in one turn. */
const DUE_MAX = 256;

const PREFIXES = { events: "e:", groups: "g:", settings: "c:", postponed: "p:" } as const;

const RETENTION = "retention";

/**
 * One partition of a topic: its events in order, and how far each group has come with them. It
 * decides, and does nothing by itself.
 *
 * TPAR-1. An event is there until every group is done with it, however old it is and however many
 *         there are (P8). When no more fit, the partition refuses further ones (P6).
 * TPAR-2. A group that has read everything is told of the next event, once. Only telling it ends
 *         that.
 * TPAR-3. A group of programs that nobody reads for is forgotten after the topic's retention time,
 *         so that it does not hold events back for ever.
 */
export class Partition {
  readonly #log: EventLog;
  readonly #groups: RecordTable<Group>;
  readonly #settings: RecordTable<Retention>;
  readonly #postponed: PostponedEvents;

  constructor(dirty: DirtyFlag) {
    this.#postponed = new PostponedEvents(PREFIXES.postponed, dirty);
    this.#log = new EventLog(PREFIXES.events, dirty);
    this.#groups = new RecordTable(PREFIXES.groups, dirty);
    this.#settings = new RecordTable(PREFIXES.settings, dirty);
  }

  static readonly prefixes: readonly string[] = Object.values(PREFIXES);

  get retention(): Retention {
    return this.#settings.find(RETENTION) ?? DEFAULT_RETENTION;
  }

  set retention(retention: Retention) {
    const { timeMs, bytes } = this.retention;
    if (timeMs !== retention.timeMs || bytes !== retention.bytes)
      this.#settings.put(RETENTION, retention);
  }

  /**
   * Stores an event, unless it is there. It waits if its time has not come. Throws `OVERLOADED`
   * with `ran: "no"` if there is no room for it.
   */
  publish(event: StoredEvent, now: number): Published {
    const known = this.#log.numberOf(event);
    if (known !== undefined || this.#postponed.has(event)) return { seq: known, wake: [] };
    const size = sizeOf(event);
    this.#forgetGroups(now);
    this.#trim(now, size);
    const held = this.#log.bytesFrom(this.#floor) + this.#postponed.bytes;
    if (held > 0 && held + size > this.retention.bytes) throw this.#full(held);
    // Whoever published it may have a clock that is ahead of this one.
    if (event.deliverAt === undefined || event.deliverAt <= now) return this.#append(event);
    this.#postponed.put(event);
    return { seq: undefined, wake: [] };
  }

  /** Events whose time has come take their places. They had room already. */
  publishDue(now: number): Published[] {
    const due = this.#postponed.takeDue(now, DUE_MAX);
    return due.map((event) => this.#append(event));
  }

  /** When the next event is due that waits for its time; undefined if none does. */
  get nextDueAt(): number | undefined {
    return this.#postponed.nextAt;
  }

  #append(event: StoredEvent): Published {
    const seq = this.#log.append(event);
    const wake: Published["wake"][number][] = [];
    for (const group of this.#groups.values()) {
      const { name, reader } = group;
      if (reader.kind !== "actors" || !reader.isWaiting) continue;
      this.#groups.put(name, { ...group, reader: { ...reader, isWaiting: false } });
      wake.push({ group: name, type: reader.type });
    }
    return { seq, wake };
  }

  /**
   * True if the group's reader is to be told: it is new, or not known to have read everything.
   * Throws `BAD_DEFINITION` if the name is taken.
   */
  join(name: string, { type, from, generation }: Join, now: number): boolean {
    const known = this.#groups.find(name);
    if (known === undefined) {
      const reader: ActorReader = { kind: "actors", type, isWaiting: false };
      this.#add({ name, cursor: this.#start(from, now), generation, reader });
      return true;
    }
    const { reader } = known;
    if (reader.kind === "actors" && reader.type === type) return !reader.isWaiting;
    const who = reader.kind === "actors" ? "of another actor type" : "of programs";
    throw new TroupeError("BAD_DEFINITION", `the group ${name} is one ${who}; take another name`);
  }

  /** Undefined if there is no such group of actors. */
  pull({ group: name, doneBefore, from }: Pull, now: number): Pulled | undefined {
    const group = this.#groups.find(name);
    if (group?.reader.kind !== "actors") return undefined;
    const { cursor, pulled } = this.#read(group, doneBefore, from, PULL_MAX);
    // A pull that comes late must not take back what a later one said (TPAR-2).
    const isWaiting = group.reader.isWaiting || pulled.entries.length === 0;
    if (cursor !== group.cursor || isWaiting !== group.reader.isWaiting)
      this.#groups.put(name, { ...group, cursor, reader: { ...group.reader, isWaiting } });
    if (cursor !== group.cursor) this.#trim(now, 0);
    return pulled;
  }

  /**
   * The same for a program, which has the group for some time then. Gives the time at which another
   * program's lease ends, if that has it.
   */
  fetch({ pull, consumer, start, count }: Fetch, now: number): Fetched | number {
    const known = this.#groups.find(pull.group);
    if (known?.reader.kind === "actors")
      throw new TroupeError("BAD_CONFIG", `the group ${pull.group} is one of actors; take another`);
    const lease = known?.reader;
    const isLeased = lease !== undefined && now < lease.until;
    if (isLeased && lease.consumer !== consumer) return lease.until;
    const generation = known?.generation ?? consumer;
    const group = known ?? { cursor: this.#start(start, now), generation };
    // What somebody did without a lease may have been done by others since.
    const [doneBefore, from] = isLeased ? [pull.doneBefore, pull.from] : [undefined, undefined];
    const { cursor, pulled } = this.#read(group, doneBefore, from, count);
    const fetched = { ...pulled, isNew: !isLeased };
    const isLong = isLeased && count !== "leave" && lease.until - now > LEASE_MS / 2;
    if (isLong && cursor === group.cursor) return fetched;
    const until = count === "leave" ? now : now + LEASE_MS;
    const reader: LeaseReader = { kind: "lease", consumer, until };
    const leased: Group = { name: pull.group, cursor, generation, reader };
    if (known === undefined) this.#add(leased);
    else this.#groups.put(pull.group, leased);
    if (cursor !== group.cursor) this.#trim(now, 0);
    return fetched;
  }

  /** Forgets a group. False if there is none of this name. */
  drop(name: string): boolean {
    if (this.#groups.find(name) === undefined) return false;
    this.#groups.put(name, undefined);
    return true;
  }

  get numbers(): PartitionNumbers {
    const { first, next, bytes } = this.#log;
    const groups = this.#groups
      .values()
      .map(({ name, cursor }) => ({ name, lag: next - Math.max(cursor, first) }));
    return { first, next, bytes, groups };
  }

  load(fields: Fields): void {
    this.#log.load(fields);
    this.#groups.load(fields);
    this.#settings.load(fields);
    this.#postponed.load(fields);
  }

  collect(): FieldChange[] {
    return [this.#log, this.#groups, this.#settings, this.#postponed].flatMap((one) =>
      one.collect(),
    );
  }

  adopt(): void {
    this.#log.adopt();
    this.#groups.adopt();
    this.#settings.adopt();
    this.#postponed.adopt();
  }

  rollback(): void {
    this.#log.rollback();
    this.#groups.rollback();
    this.#settings.rollback();
    this.#postponed.rollback();
  }

  #add(group: Group): void {
    if (this.#groups.size >= GROUPS_MAX) {
      const message = `${GROUPS_MAX} groups read this partition; drop one that nobody needs`;
      throw new TroupeError("OVERLOADED", message, { retryable: false });
    }
    this.#groups.put(group.name, group);
  }

  /** An event that is older than what is kept is not for a group that comes now. */
  #start(from: From, now: number): number {
    const { first, next } = this.#log;
    if (from === "latest") return next;
    const oldest = now - this.retention.timeMs;
    let seq = first;
    while (seq < next && this.#isOlder(seq, oldest)) seq++;
    return seq;
  }

  #isOlder(seq: number, oldest: number): boolean {
    const entry = this.#log.find(seq);
    return entry === undefined || availableAt(entry.event) <= oldest;
  }

  #read(
    { cursor: known, generation }: Pick<Group, "cursor" | "generation">,
    doneBefore: number | undefined,
    from: number | undefined,
    count: Fetch["count"],
  ): { readonly cursor: number; readonly pulled: Pulled } {
    const { next } = this.#log;
    const cursor = Math.min(Math.max(known, doneBefore ?? 0), next);
    const most = count === "leave" ? 0 : Math.min(count, PULL_MAX);
    const entries = this.#log.read(Math.max(cursor, from ?? 0), most, PULL_BYTES);
    const first = entries[0]?.seq ?? next;
    return { cursor, pulled: { kind: "pulled", generation, from: first, entries, next } };
  }

  /** The first number that some group is not done with. */
  get #floor(): number {
    const cursors = this.#groups.values().map(({ cursor }) => cursor);
    return Math.min(this.#log.next, ...cursors);
  }

  /** TPAR-1: what is done goes when it is too old, or when `room` bytes are needed. */
  #trim(now: number, room: number): void {
    const floor = this.#floor;
    const { timeMs, bytes } = this.retention;
    const oldest = now - timeMs;
    this.#log.trim(({ seq, event }) => {
      if (seq >= floor) return false;
      return availableAt(event) <= oldest || this.#log.bytesFrom(seq) + room > bytes;
    });
  }

  /** TPAR-3 */
  #forgetGroups(now: number): void {
    for (const { name, reader } of this.#groups.values()) {
      if (reader.kind === "lease" && now >= reader.until + this.retention.timeMs)
        this.#groups.put(name, undefined);
    }
  }

  #full(held: number): TroupeError {
    const slow = this.#groups.values().toSorted((one, other) => one.cursor - other.cursor)[0];
    const message = `the partition keeps ${held} bytes that the group ${slow?.name} is not done with, and takes no more until it is; see what holds it up, or give the topic a larger retention.bytes`;
    return new TroupeError("OVERLOADED", message, { ran: "no" });
  }
}
