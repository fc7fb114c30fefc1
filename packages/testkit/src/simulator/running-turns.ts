import type { History, TurnRecord } from "./history.ts";
import type { SimProcess } from "./sim-process.ts";

interface RunningTurn {
  readonly record: TurnRecord;
  readonly process: SimProcess;
}

/**
 * The checker of C1, on line: at no instant do two silos, or two turns of one, run the same actor.
 *
 * A turn of a dead process has ended with it. Two things cannot be asked of the runtime, because nobody can stop a running
 * function, and are excused: that a turn goes on whose process was stopped in its middle, and that one goes on which lasts longer
 * than what is left of the lease when it starts may be (`graceMs`), once its silo is no member any more. What such a turn does is for
 * C2 to stop.
 */
export class RunningTurns {
  readonly #history: History;
  readonly #graceMs: number;
  readonly #isMember: (siloId: string) => boolean;
  readonly #byActor = new Map<string, Set<RunningTurn>>();

  constructor(history: History, facts: { readonly graceMs: number; readonly isMember: (siloId: string) => boolean }) {
    this.#history = history;
    this.#graceMs = facts.graceMs;
    this.#isMember = facts.isMember;
  }

  start(
    process: SimProcess,
    facts: { readonly call: string; readonly actor: string; readonly method: string; readonly shared: boolean },
  ): TurnRecord {
    const record: TurnRecord = {
      ...facts,
      process: process.name,
      siloId: process.siloId,
      startedAt: this.#history.now,
      startedOrder: this.#history.nextOrder(),
      endedOrder: undefined,
      wasPaused: false,
    };
    const running = this.#byActor.get(facts.actor) ?? new Set();
    this.#byActor.set(facts.actor, running);
    for (const other of running) {
      if (other.process.isDead) running.delete(other);
      else if (!this.#mayOverlap(other, record)) this.#report(other.record, record);
    }
    running.add({ record, process });
    this.#history.turns.push(record);
    return record;
  }

  end(record: TurnRecord): void {
    record.endedOrder = this.#history.nextOrder();
    const running = this.#byActor.get(record.actor);
    for (const turn of running ?? []) if (turn.record === record) running?.delete(turn);
  }

  /** The process is stopped with its turns in their middle. */
  paused(process: SimProcess): void {
    for (const running of this.#byActor.values()) {
      for (const turn of running) if (turn.process === process) turn.record.wasPaused = true;
    }
  }

  #mayOverlap({ record }: RunningTurn, next: TurnRecord): boolean {
    if (record.siloId === next.siloId) return record.shared && next.shared;
    const isTooLong = next.startedAt - record.startedAt >= this.#graceMs && !this.#isMember(record.siloId);
    return record.wasPaused || isTooLong;
  }

  #report(earlier: TurnRecord, later: TurnRecord): void {
    const side = ({ process, siloId, method, call }: TurnRecord): string => `${method}(${call}) on silo ${siloId} (${process})`;
    this.#history.violate("C1", `${later.actor} runs ${side(later)} while it runs ${side(earlier)}, since ${earlier.startedAt.toFixed(1)}`);
  }
}
