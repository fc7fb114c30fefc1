import { type DirtyFlag, type FieldChange, type Fields, RecordTable } from "@troupe/core";
import { eventKey } from "./event-log.ts";
import { availableAt, sizeOf, type StoredEvent } from "./topic-event.ts";

/** An event that nobody gets yet. */
interface Postponed {
  readonly event: StoredEvent;
  /** Tells it from the others, in the order in which they came. */
  readonly number: number;
}

const DIGITS = 12;

/**
 * The events of a partition whose time has not come, in the order of that time.
 *
 * POST-1. Of events that are the same by their source and id one is here, as in the log.
 */
export class PostponedEvents {
  readonly #table: RecordTable<Postponed>;
  readonly #keys = new Set<string>();
  #lastNumber = 0;
  #bytes = 0;
  #nextAt: number | undefined;

  /** `prefix` is as for a `RecordTable`. */
  constructor(prefix: string, dirty: DirtyFlag) {
    this.#table = new RecordTable(prefix, dirty);
  }

  load(fields: Fields): void {
    this.#table.load(fields, (one, other) => one.number - other.number);
    this.#count();
  }

  /** Bytes of the events. */
  get bytes(): number {
    return this.#bytes;
  }

  /** When the first of them can be handed out; undefined if there is none. */
  get nextAt(): number | undefined {
    return this.#nextAt;
  }

  has(event: StoredEvent): boolean {
    return this.#keys.has(eventKey(event));
  }

  /** The caller has seen to it that the event is not here (POST-1). */
  put(event: StoredEvent): void {
    const number = ++this.#lastNumber;
    this.#table.put(nameOf(number), { event, number });
    this.#keys.add(eventKey(event));
    this.#bytes += sizeOf(event);
    this.#nextAt = Math.min(this.#nextAt ?? Infinity, availableAt(event));
  }

  /** Takes out those whose time has come, at most `count`. */
  takeDue(now: number, count: number): StoredEvent[] {
    const all = this.#inOrder();
    const due = all.filter(({ at }) => at <= now).slice(0, count);
    this.#nextAt = all[due.length]?.at;
    return due.map(({ postponed: { event, number } }) => {
      this.#table.put(nameOf(number), undefined);
      this.#keys.delete(eventKey(event));
      this.#bytes -= sizeOf(event);
      return event;
    });
  }

  collect(): FieldChange[] {
    return this.#table.collect();
  }

  adopt(): void {
    this.#table.adopt();
  }

  rollback(): void {
    if (!this.#table.isChanged) return;
    this.#table.rollback();
    this.#count();
  }

  #inOrder(): { readonly at: number; readonly postponed: Postponed }[] {
    return this.#table
      .values()
      .map((postponed) => ({ at: availableAt(postponed.event), postponed }))
      .toSorted((one, other) => one.at - other.at || one.postponed.number - other.postponed.number);
  }

  #count(): void {
    this.#keys.clear();
    this.#bytes = 0;
    for (const { event, number } of this.#table.values()) {
      this.#keys.add(eventKey(event));
      this.#bytes += sizeOf(event);
      this.#lastNumber = Math.max(this.#lastNumber, number);
    }
    this.#nextAt = this.#inOrder()[0]?.at;
  }
}

function nameOf(number: number): string {
  return String(number).padStart(DIGITS, "0");
}
