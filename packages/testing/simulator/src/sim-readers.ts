import { sleep, TroupeError } from "@troupe/core";
import type { CallOptions } from "@troupe/sdk";
import type { Marked } from "./board-actor.ts";
import type { History, ReadPlan, ReadRecord } from "./history.ts";
import type { SimProcess } from "./sim-process.ts";
import type { Trace } from "./trace.ts";

/** What gives the stream of a plan, as the process has it that reads. */
export type OpenRead = (plan: ReadPlan, options: CallOptions) => AsyncIterable<Marked>;

/** Those that read streams of boards in one run. */
export class SimReaders {
  readonly #history: History;
  readonly #trace: Trace;
  readonly #processes = new Map<ReadRecord, SimProcess>();

  constructor(history: History, trace: Trace) {
    this.#history = history;
    this.#trace = trace;
  }

  start(plan: ReadPlan, process: SimProcess, open: OpenRead): void {
    const caller = `${process.name} ${process.siloId}`;
    const record: ReadRecord = { plan, caller, items: [], end: undefined };
    this.#history.reads.push(record);
    this.#processes.set(record, process);
    this.#note(record, `${plan.id} reads Board/${plan.board}.${plan.method}()`);
    const options: CallOptions = {
      window: { items: plan.window },
      ...(plan.resumes ? { resume: (last: Marked | undefined) => argumentsAfter(plan, last) } : {}),
    };
    void this.#read(record, process, open(plan, options));
  }

  /** Those that go on to read, in processes that live. */
  get open(): readonly ReadRecord[] {
    return this.#history.reads.filter(
      (record) => record.end === undefined && this.#processes.get(record)?.isDead === false,
    );
  }

  async #read(
    record: ReadRecord,
    process: SimProcess,
    items: AsyncIterable<Marked>,
  ): Promise<void> {
    const { plan } = record;
    try {
      for await (const item of items) {
        if (process.isDead) return;
        record.items.push(item);
        this.#note(record, `${plan.id} reads ${item.index} ${item.mark}`);
        if (record.items.length >= plan.limit) break;
        if (plan.slowMs > 0) await sleep(process.clock, plan.slowMs);
      }
      record.end = "left";
    } catch (error) {
      record.end = error instanceof TroupeError ? error.code : String(error);
    }
    if (!process.isDead) this.#note(record, `${plan.id} ends: ${record.end}`);
  }

  #note({ caller }: ReadRecord, text: string): void {
    this.#trace.add("call", `${caller}: ${text}`);
  }
}

/** With which arguments a stream is opened, when this was read last. */
export function argumentsAfter(plan: ReadPlan, last: Marked | undefined): readonly unknown[] {
  return [plan.id, plan.method === "poll" ? plan.everyMs : last === undefined ? 0 : last.index + 1];
}
