import {
  type ActorAddress,
  type Clock,
  type Delivery,
  deliveryOf,
  formatAddress,
  type Logger,
  messageOf,
  type Scheduled,
  TroupeError,
} from "@troupe/core";
import type { Letter } from "../durability/outbox.ts";
import { LETTER_MAX_AGE_MS } from "../durability/received-letters.ts";

/**
 * Tries of a letter that its receiver refused. Those that did not get through do not count; only
 * the letter's age ends them.
 */
const REFUSALS_MAX = 10;

interface Tries {
  readonly made: number;
  readonly refused: number;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 30_000;

export interface CourierParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sender: ActorAddress;
  /** The letters that have not yet arrived, in order. */
  letters(): readonly Letter[];
  readonly isDisposed: boolean;
  /** Calls the receiver; rejects with what it threw, or with why it was not reached. */
  deliver(letter: Letter, delivery: Delivery): Promise<unknown>;
  /** Each stores what became of a letter with the sender; they never reject. */
  arrived(seq: number): Promise<void>;
  died(seq: number, reason: string): Promise<void>;
  /** Tells the receiver that nothing is under way to it. */
  settled(letter: Letter): void;
}

/**
 * Delivers the letters of one active actor.
 *
 * K1. A letter leaves only when it is stored, and is forgotten only when it has arrived or has been
 *     given up (D7). What could not be forgotten is tried again after a pause, never at once: a
 *     receiver in the same process may answer at once.
 * K2. To one receiver one letter is under way at a time, in the order in which they were sent.
 */
export class Courier {
  readonly #parts: CourierParts;
  /** Receivers with a letter under way, or waiting for the next try. */
  readonly #busy = new Set<string>();
  readonly #pauses = new Set<Scheduled>();
  #storedUpTo = 0;

  constructor(parts: CourierParts) {
    this.#parts = parts;
  }

  /** Letters up to this number are stored. */
  stored(upTo: number): void {
    this.#storedUpTo = Math.max(this.#storedUpTo, upTo);
    this.#next();
  }

  dispose(): void {
    for (const pause of this.#pauses) pause.cancel();
  }

  #next(): void {
    if (this.#parts.isDisposed) return;
    const met = new Set<string>();
    for (const letter of this.#parts.letters()) {
      const to = formatAddress(letter);
      if (letter.seq > this.#storedUpTo || met.has(to)) continue;
      met.add(to);
      if (this.#busy.has(to)) continue;
      this.#busy.add(to);
      void this.#deliver(letter, to, { made: 0, refused: 0 });
    }
  }

  async #deliver(letter: Letter, to: string, so: Tries): Promise<void> {
    const { sender, clock, logger } = this.#parts;
    const failure = await this.#parts.deliver(letter, deliveryOf(sender, letter.seq)).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    if (this.#parts.isDisposed) return;
    if (failure === undefined) {
      await this.#parts.arrived(letter.seq);
    } else {
      const tries: Tries = {
        made: so.made + 1,
        refused: so.refused + (wasRefused(failure.error) ? 1 : 0),
      };
      const isOld = clock.now() - letter.sentAt > LETTER_MAX_AGE_MS;
      if (!isOld && tries.refused < REFUSALS_MAX) return this.#tryLater(letter, to, tries);
      const reason = messageOf(failure.error);
      logger.error(
        { ...sender, to, seq: letter.seq, reason },
        "a durable send is given up; it is among the dead letters",
      );
      await this.#parts.died(letter.seq, reason);
    }
    // A sender that is just closing stores nothing any more; its next activation delivers what is
    // left.
    if (this.#parts.letters().some(({ seq }) => seq === letter.seq))
      return this.#tryLater(letter, to, { ...so, made: so.made + 1 });
    this.#busy.delete(to);
    if (!this.#parts.letters().some((other) => formatAddress(other) === to))
      this.#parts.settled(letter);
    this.#next();
  }

  #tryLater(letter: Letter, to: string, tries: Tries): void {
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (tries.made - 1), LONGEST_PAUSE_MS);
    const pause = this.#parts.clock.schedule(pauseMs, () => {
      this.#pauses.delete(pause);
      if (!this.#parts.isDisposed) void this.#deliver(letter, to, tries);
    });
    this.#pauses.add(pause);
  }
}

/**
 * True if the receiver has refused the letter: its method threw, or there is no such method. A
 * letter whose answer was lost may have taken effect, so it is never given up for that: sent again
 * from the dead letters, under another number, it would take effect twice.
 */
function wasRefused(error: unknown): boolean {
  return !(error instanceof TroupeError) || error.ran === "yes" || !error.retryable;
}
