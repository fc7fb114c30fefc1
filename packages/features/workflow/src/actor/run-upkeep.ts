import type { ActorHost, PartHost } from "@troupe/sdk";
import { isUnderWay } from "../machine/pending.ts";
import type { RunMachine } from "../machine/run-machine.ts";
import { AWAKE_TURN } from "./flow-turns.ts";
import type { RunStore } from "./run-store.ts";

/** The name of the one reminder of a run: for the next time at which anything of it is due. */
export const WAKE = "wake";

/** How long the end of a run is kept. */
const RETENTION_MS = 7 * 24 * 60 * 60 * 1_000;

/** A reminder's tick that cannot be applied is tried again for as long as it takes. */
const TICK_ATTEMPTS = 1_000_000;

/**
 * What has to wake a run, in the index of the store.
 *
 * KEEP-1. While a step is under way, or the run is blocked, an entry makes each new owner wake the
 *         run (W4).
 * KEEP-2. One reminder stands for the earliest of all times of the run. One that is blocked or
 *         suspended waits for no time.
 * KEEP-3. What is left of a run that has ended goes when its retention is over.
 */
export class RunUpkeep {
  readonly #host: PartHost;
  readonly #actor: ActorHost;
  readonly #store: RunStore;
  /** What the reminder is set to. It is not known after loading. */
  #wakeAt: number | undefined | "unknown" = "unknown";

  constructor(host: PartHost, actor: ActorHost, store: RunStore) {
    this.#host = host;
    this.#actor = actor;
    this.#store = store;
  }

  /** The reminder has ticked, so it is not set any more. True if nothing is to be kept. */
  ticked(): boolean {
    this.#wakeAt = undefined;
    const { endedAt } = this.#store.record ?? {};
    return endedAt !== undefined && this.#host.clock.now() >= endedAt + RETENTION_MS;
  }

  /** Follows what the running turn has made of the run. */
  async follow(machine: RunMachine): Promise<void> {
    this.#stayAwake(machine);
    await this.#remind(machine);
  }

  /** A new owner was told to wake the run, and has. An entry for nothing goes away. */
  lookAwake(tag: string, dueAt: number): void {
    const isRight = (): boolean => this.#store.adoptedRecord?.awake?.tag === tag;
    if (isRight()) return;
    this.#host.afterStored((failure) => {
      if (failure !== undefined || isRight()) return;
      this.#host.forget([{ kind: "awake", name: AWAKE_TURN, dueAt, tag }]);
    });
  }

  /** KEEP-1 */
  #stayAwake(machine: RunMachine): void {
    const { record } = this.#store;
    if (record === undefined) return;
    const { awake, ...rest } = record;
    const { blocked, suspendedAt } = record;
    const isUnderWayNow = suspendedAt === undefined && machine.pending.values().some(isUnderWay);
    const isUp = blocked !== undefined || isUnderWayNow;
    if (isUp === (awake !== undefined)) return;
    const entry = { tag: this.#host.nextTag(), at: this.#host.clock.now() };
    this.#store.record = isUp ? { ...rest, awake: entry } : rest;
  }

  /** KEEP-2, KEEP-3 */
  async #remind(machine: RunMachine): Promise<void> {
    const { endedAt, blocked, suspendedAt } = this.#store.record ?? {};
    const goesOn = blocked === undefined && suspendedAt === undefined;
    const dueAt = goesOn ? machine.nextDue : undefined;
    const wakeAt = endedAt === undefined ? dueAt : endedAt + RETENTION_MS;
    if (wakeAt === this.#wakeAt) return;
    this.#wakeAt = wakeAt;
    const retry = { attempts: TICK_ATTEMPTS, backoff: "1s" } as const;
    if (wakeAt === undefined) await this.#actor.reminders.delete(WAKE);
    else await this.#actor.reminders.set(WAKE, { at: wakeAt, retry });
  }
}
