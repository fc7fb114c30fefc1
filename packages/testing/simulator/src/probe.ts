import { sleep } from "@troupe/core";
import type { DeactivationReason, ReminderTick } from "@troupe/sdk";
import type { History } from "./history.ts";
import type { RunningTurns } from "./running-turns.ts";
import type { SimProcess } from "./sim-process.ts";
import type { Trace } from "./trace.ts";

/** How long a mood lasts, and which share of them is bad: one of so many. */
const MOOD_MS = 50;
const MOODS = 3;

/** What tells of itself: one object for each activation of an actor. */
export interface Told {
  readonly type: string;
  readonly id: string;
}

/**
 * What actors of a simulation tell of themselves: it is part of the process in which they run, and
 * dies with it.
 */
export class Probe {
  readonly #process: SimProcess;
  readonly #history: History;
  readonly #running: RunningTurns;
  readonly #trace: Trace;
  readonly #activations = new WeakMap<Told, number>();
  readonly #ended = new WeakSet<Told>();

  constructor(
    process: SimProcess,
    parts: { readonly history: History; readonly running: RunningTurns; readonly trace: Trace },
  ) {
    this.#process = process;
    this.#history = parts.history;
    this.#running = parts.running;
    this.#trace = parts.trace;
  }

  /** Runs the body of a method as a turn that the history knows. */
  async turn<T>(
    actor: Told,
    facts: { readonly call: string; readonly method: string; readonly shared?: boolean },
    body: () => T | Promise<T>,
  ): Promise<T> {
    if (this.#process.isDead) return await body();
    const key = `${actor.type}/${actor.id}`;
    const record = this.#running.start(this.#process, {
      call: facts.call,
      actor: key,
      method: facts.method,
      shared: facts.shared === true,
      activation: this.#activations.get(actor) ?? 0,
    });
    this.#trace.add("turn", `${this.#process.name}: ${key}.${facts.method}(${facts.call}) starts`);
    try {
      return await body();
    } finally {
      if (!this.#process.isDead) {
        this.#running.end(record);
        this.#trace.add(
          "turn",
          `${this.#process.name}: ${key}.${facts.method}(${facts.call}) ends`,
        );
      }
    }
  }

  /** A moment of a stream: at the start of one of its turns, which may run beside readonly ones. */
  instant(actor: Told, facts: { readonly call: string; readonly method: string }): void {
    if (this.#process.isDead) return;
    const key = `${actor.type}/${actor.id}`;
    const activation = this.#activations.get(actor) ?? 0;
    const start = { ...facts, actor: key, shared: true, activation };
    this.#running.end(this.#running.start(this.#process, start));
  }

  /** True in some stretches of time: what is tried again then has another end than at first. */
  isMoody(): boolean {
    return Math.floor(this.#process.clock.now() / MOOD_MS) % MOODS === 0;
  }

  /** Lets time pass within a turn. */
  async work(ms: number): Promise<void> {
    if (ms > 0) await sleep(this.#process.clock, ms);
  }

  ticked(actor: Told, tick: ReminderTick<string>): void {
    if (this.#process.isDead) return;
    const { name, data, dueAt, firedAt, count } = tick;
    const key = `${actor.type}/${actor.id}`;
    if (firedAt < dueAt || this.#process.clock.now() < dueAt) {
      this.#history.violate(
        "D3",
        `${key}: ${name} for ${dueAt} ticked at ${firedAt}, before its time`,
      );
    }
    if (this.#ended.has(actor))
      this.#history.violate("D3", `${key}: ${name} ticks in an activation that has ended`);
    this.#history.ticks.push({
      actor: key,
      name,
      setBy: data,
      dueAt,
      firedAt,
      count,
      order: this.#history.nextOrder(),
    });
  }

  /**
   * An activation comes or goes: the hook in which it says so is code of the actor like a turn, and
   * may run only where a turn may.
   */
  lifecycle(actor: Told, event: "activated" | DeactivationReason): void {
    if (this.#process.isDead) return;
    const key = `${actor.type}/${actor.id}`;
    this.#trace.add("turn", `${this.#process.name}: ${key} ${event}`);
    const order = this.#history.nextOrder();
    if (event === "activated") this.#activations.set(actor, order);
    else this.#ended.add(actor);
    const activation = this.#activations.get(actor) ?? 0;
    const method = event === "activated" ? "onActivate" : "onDeactivate";
    this.#running.end(
      this.#running.start(this.#process, {
        call: event,
        actor: key,
        method,
        shared: false,
        activation,
      }),
    );
    const { siloId, seenRevision: revision } = this.#process;
    this.#history.activations.push({
      actor: key,
      siloId,
      event,
      revision,
      at: this.#history.now,
      order,
    });
  }
}
