import type { LetterOutcome } from "@troupe/client";
import {
  type ActorAddress,
  type Clock,
  formatAddress,
  type Logger,
  messageOf,
  type Scheduled,
  TroupeError,
} from "@troupe/core";
import type { PendingSend } from "./outbox.ts";

/**
 * Tries of a send that its receiver refused. Those that did not get through do not count: they are
 * repeated for as long as it takes.
 */
const REFUSALS_MAX = 10;

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 30_000;

/** So long after a try whose fate is unknown a copy of the send may still be under way. */
export const DOUBT_MS = 600_000;

interface Tries {
  readonly made: number;
  readonly refused: number;
}

/** What a delivery ended with: what the method gave, or what it threw. */
export type Delivered = LetterOutcome["delivered"];

export interface SendDeliveryParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sender: ActorAddress;
  /** The sends that have not yet arrived, in order. */
  pending(): readonly PendingSend[];
  readonly isDisposed: boolean;
  /** Calls the receiver. Never rejects. */
  deliver(send: PendingSend): Promise<LetterOutcome>;
  /**
   * Has the receiver see to it that no copy of the send takes effect any more. What it gives is a
   * `Delivered`, as the receiver has it stored: the error, or what a copy gave that was quicker.
   */
  refuse(send: PendingSend, error: unknown): Promise<LetterOutcome>;
  /** Each stores what became of a send with the sender: true if it did. They never reject. */
  arrived(send: PendingSend, delivered: Delivered, doubtUntil: number): Promise<boolean>;
  died(send: PendingSend, reason: string): Promise<boolean>;
  /** Tells the receiver that nothing is pending for it; `isCertain` if no copy can be under way. */
  settled(send: PendingSend, isCertain: boolean): void;
}

/**
 * Delivers the durable sends of one active actor.
 *
 * SEND-1. A send leaves only when it is stored, and is forgotten only when it has arrived or has
 *         been given up (D7). What could not be forgotten is tried again after a pause, never at
 *         once: a receiver in the same process may answer at once.
 * SEND-2. To one receiver one send is under way at a time, in the order in which they were sent.
 *         The next one leaves when what became of the last is stored with the sender: a receiver
 *         keeps one answer for each sender, that of the last send.
 * SEND-3. A receiver is told that it may forget this sender at once only if every try since
 *         `DOUBT_MS` ended with a known fate, also those of earlier activations: else a late copy
 *         would find nobody who remembers it (D7).
 * SEND-4. An error ends a send only if no copy of it can take effect any more: every try since
 *         `DOUBT_MS` ended with a known fate, or the receiver has stored that it refuses the send
 *         (D7).
 */
export class SendDelivery {
  readonly #parts: SendDeliveryParts;
  /** Receivers with a send under way, or waiting for the next try. */
  readonly #busy = new Set<string>();
  readonly #pauses = new Set<Scheduled>();
  #storedUpTo = 0;
  #doubtUntil: number;

  /** `doubtUntil`: until then a copy of an earlier activation's sends may be under way. */
  constructor(parts: SendDeliveryParts, doubtUntil: number) {
    this.#parts = parts;
    this.#doubtUntil = doubtUntil;
  }

  /** Sends up to this number are stored. */
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
    for (const send of this.#parts.pending()) {
      const to = formatAddress(send);
      if (send.seq > this.#storedUpTo || met.has(to)) continue;
      met.add(to);
      if (this.#busy.has(to)) continue;
      this.#busy.add(to);
      void this.#deliver(send, to, { made: 0, refused: 0 });
    }
  }

  async #deliver(send: PendingSend, to: string, earlier: Tries): Promise<void> {
    const delivered = this.#take(await this.#parts.deliver(send));
    if (this.#parts.isDisposed) return;
    const isRefused = delivered.kind === "error" && wasRefused(delivered.error);
    const tries = { made: earlier.made + 1, refused: earlier.refused + (isRefused ? 1 : 0) };
    const end = await this.#endOf(send, delivered, tries);
    if (this.#parts.isDisposed) return;
    if (end === undefined) return this.#tryLater(send, to, tries);
    const isStored =
      end.kind === "value"
        ? await this.#parts.arrived(send, end, this.#doubtUntil)
        : await this.#giveUp(send, to, end);
    // A sender that is just closing stores nothing any more; its next activation delivers what is
    // left.
    if (!isStored || this.#parts.pending().some(({ seq }) => seq === send.seq))
      return this.#tryLater(send, to, { ...earlier, made: earlier.made + 1 });
    this.#busy.delete(to);
    if (!this.#parts.pending().some((other) => formatAddress(other) === to))
      this.#parts.settled(send, this.#parts.clock.now() >= this.#doubtUntil);
    this.#next();
  }

  /** Notes whether a copy of what was tried may still be under way. */
  #take({ delivered, mayHaveCopies }: LetterOutcome): Delivered {
    const isKnown = delivered.kind === "value" || wasRefused(delivered.error);
    if (mayHaveCopies || !isKnown) this.#doubtUntil = this.#parts.clock.now() + DOUBT_MS;
    return delivered;
  }

  /** What the send comes to, if that is certain (SEND-4); undefined if it has to be tried again. */
  async #endOf(
    send: PendingSend,
    delivered: Delivered,
    { refused }: Tries,
  ): Promise<Delivered | undefined> {
    if (delivered.kind === "value") return delivered;
    const { error } = delivered;
    const isLast = send.answer !== undefined || refused >= REFUSALS_MAX;
    if (!wasRefused(error) || !isLast) return undefined;
    if (this.#parts.clock.now() >= this.#doubtUntil) return delivered;
    const asked = this.#take(await this.#parts.refuse(send, error));
    return asked.kind === "value" ? (asked.value as Delivered) : undefined;
  }

  /** An error is an answer to a send that asks for one. To others it is the end. */
  async #giveUp(send: PendingSend, to: string, delivered: Delivered): Promise<boolean> {
    const { sender, logger } = this.#parts;
    if (send.answer !== undefined) return this.#parts.arrived(send, delivered, this.#doubtUntil);
    const reason = delivered.kind === "error" ? messageOf(delivered.error) : "";
    logger.error(
      { event: "send_given_up", actor: formatAddress(sender), to, seq: send.seq, reason },
      "a durable send is given up; it is among the dead letters",
    );
    return await this.#parts.died(send, reason);
  }

  #tryLater(send: PendingSend, to: string, tries: Tries): void {
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (tries.made - 1), LONGEST_PAUSE_MS);
    const pause = this.#parts.clock.schedule(pauseMs, () => {
      this.#pauses.delete(pause);
      if (!this.#parts.isDisposed) void this.#deliver(send, to, tries);
    });
    this.#pauses.add(pause);
  }
}

/**
 * True if the receiver has refused the send: its method threw, or there is no such method. A send
 * whose answer was lost may have taken effect, so it is never given up for that: sent again from
 * the dead letters, under another number, it would take effect twice.
 */
function wasRefused(error: unknown): boolean {
  return !(error instanceof TroupeError) || error.ran === "yes" || !error.retryable;
}
