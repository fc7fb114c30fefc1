import { type FieldChange, type Fields, RecordLog } from "@troupe/core";
import {
  type DurablePart,
  type PartHost,
  type PartKey,
  partKey,
  type PartState,
} from "@troupe/sdk";

/** Marks that an actor keeps. With more than these the oldest go. */
const KEPT_MAX = 5;

/** Adds a mark to the actor's tally: `[text]`. */
export const MARK_TURN = "$mark";
/** Gives the marks that were added since the actor was loaded. */
export const MARKS_TURN = "$marks";

/** The marks that an actor was given, in a log that is stored with it. */
export class Tally implements PartState {
  readonly #log: RecordLog<string>;
  /** A copy for the tests: a log itself keeps nothing in memory. */
  #marks: string[] = [];
  #adopted: string[] = [];

  constructor(host: PartHost) {
    this.#log = new RecordLog("y:", host);
  }

  /** The marks that are kept, the oldest first. */
  get marks(): readonly string[] {
    return this.#marks;
  }

  mark(text: string): void {
    this.#log.append(text);
    this.#log.removeBefore(this.#log.next - KEPT_MAX);
    this.#marks = [...this.#marks, text].slice(-KEPT_MAX);
  }

  load(fields: Fields): void {
    this.#log.load(fields, (text) => this.#marks.push(text));
    this.#adopted = this.#marks;
  }

  collect(): FieldChange[] {
    return this.#log.collect();
  }

  adopt(): void {
    this.#log.adopt();
    this.#adopted = this.#marks;
  }

  rollback(): void {
    this.#log.rollback();
    this.#marks = this.#adopted;
  }
}

export const TALLY: PartKey<Tally> = partKey("tally");

/** Actors of types with a handler of the kind "tally" are stored for the sake of this part. */
export const tallyPart: DurablePart<Tally> = {
  key: TALLY,
  prefixes: ["y:"],
  isNeededBy: ({ handlers }) => handlers.has("tally"),
  create: (host) => new Tally(host),
  turns: {
    [MARK_TURN]: async (host, [text]) => {
      host.part(TALLY).mark(String(text));
      const method = host.definition.handlers.get("tally")?.get("marked");
      if (method !== undefined) await host.invoke(method, text);
    },
    [MARKS_TURN]: (host) => host.part(TALLY).marks,
  },
};
