import { createValuePacker, type Fields, type Payload } from "@troupe/core";
import { type DirtyFlag, type RecordChange, RecordTable } from "../record-table.ts";

/** The result of a call that may be repeated. */
interface KeptResult {
  readonly key: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly revive: boolean;
  readonly size: number;
}

/** A repetition of a call that comes later than this after it is a new call. */
const KEPT_MS = 3_600_000;

/** Results of one actor; the oldest go first. */
const KEPT_MAX = 1_000;

const packer = createValuePacker();

/**
 * The results of calls with an idempotency key: kept with the actor, so that a repetition gets the
 * same answer, and one effect.
 */
export class KeptResults {
  readonly #table: RecordTable<KeptResult>;

  constructor(dirty: DirtyFlag) {
    this.#table = new RecordTable("i:", dirty);
  }

  load(fields: Fields): void {
    // A store gives fields in any order, and what goes first has to be the oldest: the newest are
    // repeated after a failover (C4).
    this.#table.load(fields, (one, other) => one.at - other.at);
  }

  /** The result that was kept for the key; a new copy each time. */
  find(key: string): Payload | undefined {
    const kept = this.#table.find(key);
    return kept === undefined
      ? undefined
      : { value: packer.unpack(kept.bytes), revive: kept.revive, size: kept.size };
  }

  put(key: string, result: Payload, now: number): void {
    // Packed at once: the payload itself goes to the caller, who may change it.
    this.#table.put(key, {
      key,
      at: now,
      bytes: packer.pack(result.value),
      revive: result.revive,
      size: result.size,
    });
    for (const { key: old, at } of this.#table.values()) {
      if (this.#table.size <= KEPT_MAX && now - at < KEPT_MS) break;
      this.#table.put(old, undefined);
    }
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
}
