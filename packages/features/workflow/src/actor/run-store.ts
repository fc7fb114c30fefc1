import { type FieldChange, type Fields, RecordLog, RecordTable } from "@troupe/core";
import type { PartHost } from "@troupe/sdk";
import type { Episode, Input } from "../machine/episode.ts";
import type { RunRecord } from "./run-record.ts";

/** Starts of the names of stored fields: the record, the history, and inputs that wait. */
export const RUN_PREFIXES = { record: "w:", history: "h:", backlog: "b:" } as const;

/** The name of the one record. */
export const RUN = "run";

/**
 * What is stored of one run: its record, its history, and the inputs that wait because its code
 * cannot be driven.
 */
export class RunStore {
  readonly history: RecordLog<Episode>;
  readonly backlog: RecordLog<Input>;
  readonly #record: RecordTable<RunRecord>;

  constructor(host: PartHost) {
    this.#record = new RecordTable(RUN_PREFIXES.record, host);
    this.history = new RecordLog(RUN_PREFIXES.history, host);
    this.backlog = new RecordLog(RUN_PREFIXES.backlog, host);
  }

  /** Undefined if there is no run. */
  get record(): RunRecord | undefined {
    return this.#record.find(RUN);
  }

  /** What counts as stored, whatever a turn that runs has made of it. */
  get adoptedRecord(): RunRecord | undefined {
    return this.#record.findAdopted(RUN);
  }

  set record(record: RunRecord | undefined) {
    this.#record.put(RUN, record);
  }

  /** Gives the history, and the inputs that wait, which are not kept here. */
  load(fields: Fields): { readonly episodes: Episode[]; readonly waiting: Input[] } {
    const episodes: Episode[] = [];
    const waiting: Input[] = [];
    this.#record.load(fields);
    this.history.load(fields, (episode) => episodes.push(episode));
    this.backlog.load(fields, (input) => waiting.push(input));
    return { episodes, waiting };
  }

  collect(): FieldChange[] {
    return [...this.#record.collect(), ...this.history.collect(), ...this.backlog.collect()];
  }

  adopt(): void {
    this.#record.adopt();
    this.history.adopt();
    this.backlog.adopt();
  }

  rollback(): void {
    this.#record.rollback();
    this.history.rollback();
    this.backlog.rollback();
  }
}
