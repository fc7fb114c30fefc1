import { type DirtyFlag, type FieldChange, type Fields, RecordLog } from "@troupe/core";
import { sizeOf, type StoredEvent } from "./topic-event.ts";

/** An event with its number in the partition. */
export interface LogEntry {
  readonly seq: number;
  /** Bytes that it counts for. */
  readonly size: number;
  readonly event: StoredEvent;
}

/** Entries that are gone stay in the array until there are so many of them. */
const COMPACT_FROM = 256;

/**
 * The events of a partition: stored with its actor, and in memory while that is active.
 *
 * ELOG-1. Events are numbered without gaps, and no number is given twice. So the newest stays.
 * ELOG-2. Of events that are the same by their source and id one is there. What a program
 *         published is not the same as what an actor did.
 */
export class EventLog {
  readonly #log: RecordLog<StoredEvent>;
  /** From the number `#base` on; those before `first` are gone, or are about to be. */
  readonly #entries: LogEntry[] = [];
  #base = 0;
  /** For each entry, and for the next: bytes of all that ever were before it. */
  readonly #totals: number[] = [0];
  readonly #numbers = new Map<string, number>();

  /** `prefix` is as for a `RecordLog`. */
  constructor(prefix: string, dirty: DirtyFlag) {
    this.#log = new RecordLog(prefix, dirty);
  }

  load(fields: Fields): void {
    this.#log.load(fields, (event, seq) => this.#keep(event, seq));
    this.#base = this.#log.first;
  }

  /** Number of the oldest event that is there. */
  get first(): number {
    return this.#log.first;
  }

  /** The number that the next event gets. */
  get next(): number {
    return this.#log.next;
  }

  get bytes(): number {
    return this.bytesFrom(this.first);
  }

  find(seq: number): LogEntry | undefined {
    return seq < this.first ? undefined : this.#entries[seq - this.#base];
  }

  /** The number under which the same event is there already. */
  numberOf(event: StoredEvent): number | undefined {
    const seq = this.#numbers.get(eventKey(event));
    return seq === undefined || seq < this.first ? undefined : seq;
  }

  /** Gives the number of the event. The caller has seen to it that it is not there (ELOG-2). */
  append(event: StoredEvent): number {
    const seq = this.#log.append(event);
    this.#keep(event, seq);
    return seq;
  }

  /** Events from `seq` on: at most `count`, of at most `bytes`, but one at least if it is there. */
  read(seq: number, count: number, bytes: number): LogEntry[] {
    const found: LogEntry[] = [];
    let total = 0;
    for (let at = Math.max(seq, this.first); found.length < count; at++) {
      const entry = this.find(at);
      if (entry === undefined || (found.length > 0 && total + entry.size > bytes)) break;
      total += entry.size;
      found.push(entry);
    }
    return found;
  }

  /** Bytes of the events from `seq` on. */
  bytesFrom(seq: number): number {
    const end = this.#totals.at(-1) ?? 0;
    return end - (this.#totals[Math.max(seq, this.first) - this.#base] ?? end);
  }

  /** Removes the oldest events for which `isOver` holds, up to the first for which it does not. */
  trim(isOver: (entry: LogEntry) => boolean): void {
    let seq = this.first;
    for (; seq < this.next - 1; seq++) {
      const entry = this.find(seq);
      if (entry === undefined || !isOver(entry)) break;
    }
    this.#log.removeBefore(seq);
  }

  collect(): FieldChange[] {
    return this.#log.collect();
  }

  adopt(): void {
    this.#log.adopt();
    const gone = this.first - this.#base;
    if (gone < COMPACT_FROM) return;
    this.#totals.splice(0, gone);
    for (const { event, seq } of this.#entries.splice(0, gone)) {
      if (this.#numbers.get(eventKey(event)) === seq) this.#numbers.delete(eventKey(event));
    }
    this.#base = this.first;
  }

  rollback(): void {
    this.#log.rollback();
    const kept = this.next - this.#base;
    this.#totals.length = kept + 1;
    for (const { event, seq } of this.#entries.splice(kept)) {
      if (this.#numbers.get(eventKey(event)) === seq) this.#numbers.delete(eventKey(event));
    }
  }

  #keep(event: StoredEvent, seq: number): void {
    const size = sizeOf(event);
    this.#entries.push({ seq, size, event });
    this.#numbers.set(eventKey(event), seq);
    this.#totals.push((this.#totals.at(-1) ?? 0) + size);
  }
}

/**
 * Tells an event from every other. No source has a space. A program that gives itself out for an
 * actor keeps none of the actor's events away.
 */
export function eventKey({ source, id, isFromProgram }: StoredEvent): string {
  return `${isFromProgram === true ? "program" : "actor"} ${source} ${id}`;
}
