import { type DirtyFlag, type FieldChange, type Fields, RecordTable } from "@troupe/core";
import type { StoredEvent } from "./topic-event.ts";

/** Which event of which reader a delivery is. */
export interface DeliveryPlace {
  /** The id of the reader that sent it. */
  readonly reader: string;
  /** Tells the reader's group from an earlier one of its name. */
  readonly generation: string;
  readonly seq: number;
  /** Everything before this number is done, and will not come again. */
  readonly doneBefore: number;
}

/** An event on its way to its subscriber. */
export interface Delivery {
  readonly event: StoredEvent;
  /** Undefined for one that nobody can recognise: it was dead, or a stateless worker handles it. */
  readonly place: DeliveryPlace | undefined;
  /** True if the actor has to remember the event by its source and id. */
  readonly isFromBroker?: boolean;
}

/** What is remembered of one reader. */
interface Handled {
  readonly generation: string;
  /** Everything before this number is done. */
  readonly doneBefore: number;
  /** Numbers behind it that were handled here. */
  readonly seqs: readonly number[];
}

const PREFIX = "h:";

/**
 * Which events an actor has handled: stored with what they changed (P2).
 *
 * What a receiver remembers of durable sends is not enough: of a delivery that was tried twice, one
 * copy may fail and be answered so, while the other is still under way and takes effect. The event
 * would come again under another number.
 */
export class HandledEvents {
  static readonly prefix = PREFIX;
  readonly #table: RecordTable<Handled>;

  constructor(dirty: DirtyFlag) {
    this.#table = new RecordTable(PREFIX, dirty);
  }

  /** True if the event was handled here, or was given up long ago. */
  has({ reader, generation, seq }: DeliveryPlace): boolean {
    const handled = this.#table.find(reader);
    if (handled?.generation !== generation) return false;
    return seq < handled.doneBefore || handled.seqs.includes(seq);
  }

  /** The event is handled with the running turn. What the reader is done with is forgotten. */
  put({ reader, generation, seq, doneBefore }: DeliveryPlace): void {
    const known = this.#table.find(reader);
    const earlier = known?.generation === generation ? known : undefined;
    const before = Math.max(doneBefore, earlier?.doneBefore ?? 0);
    const seqs = [...(earlier?.seqs ?? []), seq].filter((one) => one >= before);
    this.#table.put(reader, { generation, doneBefore: before, seqs });
  }

  load(fields: Fields): void {
    this.#table.load(fields);
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
