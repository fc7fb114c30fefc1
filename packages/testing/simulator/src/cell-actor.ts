import {
  type Actor,
  type ActorClass,
  actor,
  type ActorOptions,
  idempotent,
  readonly,
  state,
} from "@troupe/sdk";
import type { Probe } from "./probe.ts";
import type { Release } from "./script.ts";
import { IDLE_AFTER, type WatchedActor } from "./watched-actor.ts";

/** What the workload of one process is made of. */
export interface WorkloadParts {
  readonly probe: Probe;
  readonly reentrancy?: "chain" | "full";
  /** Default: the first. */
  readonly release?: Release;
}

/** What the third release adds to the numbers that it stores: older code would take them wrong. */
const SHIFT = 1_000_000;

/** What actors of other types call of a cell. */
type AddingActor = Actor & { add(call: string, amount: number, ms: number): Promise<number> };

/**
 * The class `Cell` of one release: the second has a method more, and the third a version more,
 * which stores other numbers.
 */
export function cellActor(
  { probe, reentrancy = "chain", release = 1 }: WorkloadParts,
  Watched: WatchedActor,
): ActorClass<AddingActor> {
  const options: ActorOptions = { idleAfter: IDLE_AFTER, reentrancy };
  const shift = release === 3 ? SHIFT : 0;

  /**
   * A number: a counter and a register in one. It reads, waits, and writes, so that overlapping
   * turns lose updates.
   */
  abstract class BaseCell extends Watched {
    @state() accessor stored = shift;
    @state() accessor once: Record<string, number> = {};
    @state() accessor writes = 0;

    /** The number, of which the third release stores another. */
    get value(): number {
      return this.stored - shift;
    }

    set value(value: number) {
      this.stored = value + shift;
    }

    async add(call: string, amount: number, ms: number): Promise<number> {
      return await probe.turn(this, { call, method: "add" }, async () => {
        const before = this.value;
        await probe.work(ms);
        this.value = before + amount;
        return this.value;
      });
    }

    /** May be run again: it remembers what it has done. */
    @idempotent()
    async addOnce(call: string, amount: number): Promise<number> {
      return await probe.turn(this, { call, method: "addOnce" }, () => {
        const known = this.once[call];
        if (known !== undefined) return known;
        this.value += amount;
        this.once = { ...this.once, [call]: this.value };
        return this.value;
      });
    }

    /** Named by a key, so that it may be sent again and takes effect once. */
    async addKeyed(call: string, amount: number): Promise<number> {
      return await probe.turn(this, { call, method: "addKeyed" }, () => {
        this.value += amount;
        return this.value;
      });
    }

    /** Comes back to itself through a call, as part of its own turn. */
    async addThrough(call: string, amount: number): Promise<number> {
      return await probe.turn(this, { call, method: "addThrough" }, async () => {
        await this.actor<BaseCell>("Cell", this.id, { timeout: "2s" }).addWithin(amount);
        return this.value;
      });
    }

    async addWithin(amount: number): Promise<void> {
      this.value += amount;
    }

    /** Begins again from nothing; what this turn has changed goes, too. */
    async clear(call: string): Promise<void> {
      await probe.turn(this, { call, method: "clear" }, () => {
        this.value += 1;
        this.destroy();
      });
    }

    /** Ends the activation behind itself. */
    async retire(call: string): Promise<number> {
      return await probe.turn(this, { call, method: "retire" }, () => {
        this.deactivate();
        return this.value;
      });
    }

    /**
     * Stores something even if the value is the same: so that it is not acknowledged by an owner
     * that cannot store.
     */
    async write(call: string, value: number): Promise<void> {
      await probe.turn(this, { call, method: "write" }, () => {
        this.writes++;
        this.value = value;
      });
    }

    @readonly()
    async read(call: string): Promise<number> {
      return await probe.turn(this, { call, method: "read", shared: true }, () => this.value);
    }

    /** Changes, then throws: nothing of it may be seen. */
    async spoil(call: string): Promise<void> {
      await probe.turn(this, { call, method: "spoil" }, async () => {
        this.value = -1_000_000;
        await probe.work(1);
        throw new RangeError("spoilt on purpose");
      });
    }
  }

  if (release === 1) {
    @actor("Cell", options)
    class Cell extends BaseCell {}
    return Cell;
  }

  const third: ActorOptions = {
    version: 2,
    migrate: ({ stored = 0 }) => ({ stored: Number(stored) + SHIFT }),
  };
  @actor("Cell", release === 2 ? options : { ...options, ...third })
  class Cell extends BaseCell {
    @readonly()
    async peek(): Promise<number> {
      return this.value;
    }
  }
  return Cell;
}
