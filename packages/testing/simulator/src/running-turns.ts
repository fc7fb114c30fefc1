import type { LeasePolicy } from "@troupe/runtime";
import type { History, TurnRecord } from "./history.ts";
import type { SimProcess } from "./sim-process.ts";

interface RunningTurn {
  readonly record: TurnRecord;
  readonly process: SimProcess;
}

/** What is known of a turn when it starts. */
export type TurnStart = Pick<TurnRecord, "call" | "actor" | "method" | "shared" | "activation">;

/**
 * The checker of C1, on line: at no instant do two silos, or two turns of one, run the same actor;
 * and once a later activation of an actor has run a turn, no earlier one starts any.
 *
 * A turn of a dead process has ended with it. Two things cannot be asked of the runtime, because
 * nobody can stop a running function, and are excused: that a turn goes on whose process was
 * stopped in its middle, and that one goes on which lasts longer than what is left of the lease
 * when it starts may be (`graceMs`), once its silo is not a member any more. What such a turn does
 * is for C2 to stop. With silos that go on while their lease is in doubt it looks only at what one
 * silo does: of two, C2 is all that is promised.
 */
export class RunningTurns {
  readonly #history: History;
  readonly #graceMs: number;
  readonly #isMember: (siloId: string) => boolean;
  readonly #leasePolicy: LeasePolicy;
  readonly #byActor = new Map<string, Set<RunningTurn>>();
  /**
   * The first turn of the latest activation of each actor that has run one (on each silo, if only
   * that counts).
   */
  readonly #latest = new Map<string, TurnRecord>();

  constructor(
    history: History,
    facts: {
      readonly graceMs: number;
      readonly leasePolicy: LeasePolicy;
      readonly isMember: (siloId: string) => boolean;
    },
  ) {
    this.#history = history;
    this.#graceMs = facts.graceMs;
    this.#isMember = facts.isMember;
    this.#leasePolicy = facts.leasePolicy;
  }

  start(process: SimProcess, facts: TurnStart): TurnRecord {
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
    const key = this.#leasePolicy === "strict" ? facts.actor : `${facts.actor} on ${record.siloId}`;
    const latest = this.#latest.get(key);
    if (latest === undefined || latest.activation < record.activation)
      this.#latest.set(key, record);
    else if (latest.activation > record.activation) this.#reportLate(latest, record);
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
    if (this.#leasePolicy === "available") return true;
    const isTooLong =
      next.startedAt - record.startedAt >= this.#graceMs && !this.#isMember(record.siloId);
    return record.wasPaused || isTooLong;
  }

  #report(earlier: TurnRecord, later: TurnRecord): void {
    this.#history.violate(
      "C1",
      `${later.actor} runs ${side(later)} while it runs ${side(earlier)}, since ${earlier.startedAt.toFixed(1)}`,
    );
  }

  #reportLate(latest: TurnRecord, late: TurnRecord): void {
    const text = `${late.actor} starts ${side(late)} in an activation that is older than the one that ran ${side(latest)} at ${latest.startedAt.toFixed(1)}`;
    this.#history.violate("C1", text);
  }
}

function side({ process, siloId, method, call }: TurnRecord): string {
  return `${method}(${call}) on silo ${siloId} (${process})`;
}
