import { type DirtyFlag, type FieldChange, type Fields, RecordTable } from "@troupe/core";
import type { StoredEvent } from "./topic-event.ts";

/** An event that was given up, as its reader keeps it. */
export interface DeadEvent {
  readonly seq: number;
  readonly event: StoredEvent;
  /** The actor that was to handle it; undefined if none could be found. */
  readonly id: string | undefined;
  /** Why, the oldest first. */
  readonly reasons: readonly string[];
  /** When it was given up, in milliseconds since the Unix epoch. */
  readonly diedAt: number;
  /** True while it is on its way once more. */
  readonly isResent?: true;
}

/** Dead events that a reader keeps; the oldest go first. */
const KEPT_MAX = 1_000;

/** Reasons that are kept of one event. */
const REASONS_MAX = 5;

const PREFIX = "x:";

/** The events of a group that were given up, in one partition. */
export class DeadEvents {
  static readonly prefix = PREFIX;
  readonly #table: RecordTable<DeadEvent>;

  constructor(dirty: DirtyFlag) {
    this.#table = new RecordTable(PREFIX, dirty);
  }

  load(fields: Fields): void {
    this.#table.load(fields, (one, other) => one.diedAt - other.diedAt);
  }

  /** The oldest first. */
  get all(): readonly DeadEvent[] {
    return this.#table.values();
  }

  find(seq: number): DeadEvent | undefined {
    return this.#table.find(String(seq));
  }

  put(dead: DeadEvent): void {
    const [oldest] = this.#table.size >= KEPT_MAX ? this.#table.values() : [];
    if (oldest !== undefined && this.find(dead.seq) === undefined) this.drop(oldest.seq);
    this.#table.put(String(dead.seq), dead);
  }

  /** The event was on its way once more, and failed. */
  failedAgain({ seq, event, id, diedAt, reasons }: DeadEvent, reason: string): void {
    const all = [...reasons, reason].slice(-REASONS_MAX);
    this.put({ seq, event, id, diedAt, reasons: all });
  }

  /** False if there is none of this number. */
  drop(seq: number): boolean {
    if (this.find(seq) === undefined) return false;
    this.#table.put(String(seq), undefined);
    return true;
  }

  collect(): FieldChange[] {
    return this.#table.collect();
  }

  adopt(): void {
    this.#table.adopt();
  }

  rollback(): void {
    this.#table.rollback();
  }
}
