import { TroupeError } from "@troupe/core";
import { Fifo } from "./fifo.ts";

/** Told once: undefined when the output may leave, or why it never will. */
export type Release = (failure: unknown) => void;

interface Held {
  /** How many stagings have to be stored before it leaves. */
  readonly after: number;
  readonly release: Release;
}

/** The activation, as its gate sees it. */
export interface GateOwner {
  /** Stores everything that is staged when it is called. */
  writeStaged(): Promise<void>;
  /** A write failed: memory is no longer what is stored. */
  onBroken(failure: unknown): void;
}

/**
 * What may leave an activation, and when: replies of its turns, and the calls that they make.
 *
 * GATE-1. An output leaves after everything that was staged before it is stored: nobody outside
 *         sees what a crash could still undo (D1).
 * GATE-2. Outputs leave in the order in which they came.
 * GATE-3. One write is under way at a time. What is staged meanwhile is stored by the next one,
 *         together: so the turns of a hot actor share writes, and none waits for another's to
 *         start.
 * GATE-4. After a failed write nothing leaves any more: each output is told the failure instead.
 * GATE-5. After `refuse` no new output leaves. What was staged before is still stored, and what
 *         waits for that leaves.
 */
export class OutputGate {
  readonly #owner: GateOwner;
  #staged = 0;
  #stored = 0;
  #isWriting = false;
  #broken: { readonly failure: unknown } | undefined;
  /** Made when something is held: most activations are idle, and there are many. */
  #held: Fifo<Held> | undefined;

  constructor(owner: GateOwner) {
    this.#owner = owner;
  }

  /** True if nothing would be held now. */
  get isOpen(): boolean {
    return this.#stored === this.#staged && this.#broken === undefined;
  }

  /** Something was staged; it is written as soon as no other write is under way. */
  stage(): void {
    this.#staged++;
    if (!this.#isWriting && this.#broken === undefined) void this.#writeAll();
  }

  /** Calls `release` when the output may leave: now, if nothing is staged. */
  pass(release: Release): void {
    if (this.#broken !== undefined) release(this.#broken.failure);
    else if (this.isOpen && this.#heldCount === 0) release(undefined);
    else (this.#held ??= new Fifo()).push({ after: this.#staged, release });
  }

  /** From now on nothing more may leave; what is held already still does (GATE-5). */
  refuse(failure: unknown): void {
    this.#broken ??= { failure };
  }

  /** Resolves when everything that was staged is stored; rejects if it never will be. */
  drained(): Promise<void> {
    return new Promise((resolve, reject) => {
      const release: Release = (failure) => (failure === undefined ? resolve() : reject(failure));
      if (this.#isWriting) (this.#held ??= new Fifo()).push({ after: this.#staged, release });
      else this.pass(release);
    });
  }

  get #heldCount(): number {
    return this.#held?.length ?? 0;
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    try {
      while (this.#stored < this.#staged) {
        const upTo = this.#staged;
        await this.#owner.writeStaged();
        this.#stored = upTo;
        this.#releaseStored();
      }
    } catch (failure) {
      this.#break(failure);
    }
    this.#isWriting = false;
  }

  #releaseStored(): void {
    // What a release lets pass waits behind those that are still here (GATE-2).
    for (
      let held = this.#held?.peek();
      held !== undefined && held.after <= this.#stored;
      held = this.#held?.peek()
    ) {
      this.#held?.shift();
      held.release(undefined);
    }
    if (this.#heldCount === 0) this.#held = undefined;
  }

  #break(thrown: unknown): void {
    // To whoever waits, undefined means that all is stored; a store may reject with just that.
    const failure = thrown ?? new TroupeError("STORE_UNAVAILABLE", "the store gave no reason");
    this.#broken = { failure };
    const held = this.#held?.clear() ?? [];
    // First, so that nothing new starts on a memory that is not what is stored.
    this.#owner.onBroken(failure);
    for (const { release } of held) release(failure);
  }
}
