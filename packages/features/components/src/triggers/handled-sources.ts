import { createHash } from "node:crypto";
import { type DirtyFlag, type FieldChange, type Fields, RecordTable } from "@troupe/core";

/** Events that an actor remembers. A source that gives an event again gives it soon. */
export const HANDLED_MAX = 1_000;

/** What is stored of an event that was handled: its place among them. */
interface HandledSource {
  readonly key: string;
  readonly at: number;
}

const PREFIX = "z:";

const KEY_BYTES = 16;

/**
 * Which events of components an actor has handled: stored with what they changed (K6). Of more than
 * 1,000 the oldest are forgotten.
 */
export class HandledSources {
  static readonly prefix = PREFIX;
  readonly #table: RecordTable<HandledSource>;
  #last = 0;

  constructor(dirty: DirtyFlag) {
    this.#table = new RecordTable(PREFIX, dirty);
  }

  has(key: string): boolean {
    return this.#table.find(key) !== undefined;
  }

  /** The event is handled with the running turn. */
  put(key: string): void {
    const [oldest] = this.#table.size >= HANDLED_MAX ? this.#table.values() : [];
    if (oldest !== undefined) this.#table.put(oldest.key, undefined);
    this.#table.put(key, { key, at: ++this.#last });
  }

  load(fields: Fields): void {
    this.#table.load(fields, (one, other) => one.at - other.at);
    this.#last = this.#table.values().at(-1)?.at ?? 0;
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

/** The name under which an event is remembered: short, whatever the source calls it. */
export function handledKey(trigger: string, id: string): string {
  const digest = createHash("sha256").update(`${trigger}\0${id}`).digest();
  return digest.subarray(0, KEY_BYTES).toString("base64url");
}
