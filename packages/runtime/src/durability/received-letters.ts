import type { Fields } from "@troupe/core";
import { type DirtyFlag, type RecordChange, RecordTable } from "../record-table.ts";

/** The last letter of one sender that took effect here. */
interface ReceivedFrom {
  readonly sender: string;
  readonly seq: number;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

/** A sender repeats no letter that is older than this; it goes to its dead letters instead. */
export const LETTER_MAX_AGE_MS = 86_400_000;

/**
 * After this a sender that said that all its letters arrived is forgotten: by then no late
 * repetition is under way.
 */
const SETTLED_MS = 600_000;

/**
 * A sender that never said so is forgotten when it cannot repeat anything any more, its clock being
 * wrong by up to a day.
 */
const FORGET_MS = 2 * LETTER_MAX_AGE_MS;

/** Senders that are remembered. Letters of more than these have to wait. */
const SENDERS_MAX = 10_000;

/**
 * Which letters have taken effect here: the last number of each sender, stored with the effect
 * (D7). A sender numbers its letters upwards and sends the next to the same receiver when the last
 * one has arrived, so a number that is not higher is a repetition.
 */
export class ReceivedLetters {
  readonly #table: RecordTable<ReceivedFrom>;
  /**
   * Senders that have nothing under way. Not stored: a sender whose word is lost is only remembered
   * longer.
   */
  #settled: Set<string> | undefined;

  constructor(dirty: DirtyFlag) {
    this.#table = new RecordTable("d:", dirty);
  }

  load(fields: Fields): void {
    this.#table.load(fields);
  }

  has(sender: string, seq: number): boolean {
    return (this.#table.find(sender)?.seq ?? 0) >= seq;
  }

  /** True if a letter of this sender can be remembered. */
  hasRoomFor(sender: string, now: number): boolean {
    if (this.#table.size < SENDERS_MAX || this.#table.find(sender) !== undefined) return true;
    return this.#table.values().some((other) => this.#mayForget(other, now));
  }

  put(sender: string, seq: number, now: number): void {
    this.#settled?.delete(sender);
    this.#table.put(sender, { sender, seq, at: now });
    this.#forget(now);
  }

  /** The sender knows that everything up to `seq` has arrived. */
  settle(sender: string, seq: number): void {
    if (this.#table.find(sender)?.seq === seq) (this.#settled ??= new Set()).add(sender);
  }

  collect(): RecordChange<unknown>[] {
    return this.#table.collect();
  }

  adopt(): void {
    this.#table.adopt();
  }

  rollback(): void {
    this.#table.rollback();
  }

  #forget(now: number): void {
    for (const received of this.#table.values()) {
      if (!this.#mayForget(received, now)) continue;
      this.#table.put(received.sender, undefined);
      this.#settled?.delete(received.sender);
    }
  }

  #mayForget({ sender, at }: ReceivedFrom, now: number): boolean {
    return now - at >= (this.#settled?.has(sender) === true ? SETTLED_MS : FORGET_MS);
  }
}
