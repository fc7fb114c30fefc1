import { Actor, actor, readonly, state } from "troupe";

/** Counts in memory only, so that a call to it costs what a call costs. */
@actor("BenchCounter", { idleAfter: "1h" })
export class Counter extends Actor {
  #total = 0;

  add(amount: number): number {
    this.#total += amount;
    return this.#total;
  }

  /** The process in which it lives just now. */
  pid(): number {
    return process.pid;
  }
}

/** Counts in the store: each turn is a write. */
@actor("BenchDurableCounter", { idleAfter: "1h" })
export class DurableCounter extends Actor {
  @state() accessor total = 0;

  add(amount: number): number {
    this.total += amount;
    return this.total;
  }

  @readonly() read(): number {
    return this.total;
  }

  /** The process in which it lives just now. */
  @readonly() pid(): number {
    return process.pid;
  }
}
