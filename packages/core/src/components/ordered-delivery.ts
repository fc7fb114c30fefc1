import type { Clock } from "../clock.ts";
import { Condition } from "../condition.ts";
import type { BrokerMessage } from "./pub-sub.ts";

/** What hands messages on, and hears what is done. */
export interface OrderedDeliveryParts<M extends BrokerMessage> {
  readonly clock: Clock;
  readonly maxInFlight: number;
  handle(message: M, attempt: number): Promise<void>;
  /** The message was handled. If it rejects, the message may come again. */
  done(message: M): Promise<void>;
  /** A message has ended, so there is room for another. */
  roomMade?(): void;
}

/** Before a message is handled once more. */
const AGAIN_MS = 500;

/**
 * Hands the messages of one consumer on, in the order of their keys. It is what consumers of most
 * brokers need.
 *
 * ODEL-1. Of the messages with one key one is handled at a time, in the order in which they were
 *         added. One whose handler rejects is handled again, and holds back its key (P4).
 * ODEL-2. A message is told to be done after its handler has resolved (P3).
 */
export class OrderedDelivery<M extends BrokerMessage> {
  readonly #parts: OrderedDeliveryParts<M>;
  readonly #changed: Condition;
  /** The end of the last message of each key. */
  readonly #keys = new Map<string, Promise<void>>();
  readonly #running = new Set<Promise<void>>();
  #isClosed = false;

  constructor(parts: OrderedDeliveryParts<M>) {
    this.#parts = parts;
    this.#changed = new Condition(parts.clock);
  }

  /** Messages that may be added now. */
  get room(): number {
    return this.#isClosed ? 0 : this.#parts.maxInFlight - this.#running.size;
  }

  /** Resolves when there may be room, or when it was closed; after `timeoutMs` in any case. */
  async waitForRoom(timeoutMs: number): Promise<void> {
    await this.#changed.wait(() => this.#isClosed || this.room > 0, timeoutMs);
  }

  /** Takes a message, for which the caller has seen that there is room. */
  add(message: M): void {
    const { key } = message;
    const before = key === undefined ? undefined : this.#keys.get(key);
    const run = async (): Promise<void> => {
      await before;
      await this.#handle(message);
      if (key !== undefined && this.#keys.get(key) === running) this.#keys.delete(key);
      this.#running.delete(running);
      this.#changed.notify();
      this.#parts.roomMade?.();
    };
    // Only when the caller is done, so that the message stands in both lists by then.
    const running: Promise<void> = Promise.resolve().then(run);
    this.#running.add(running);
    if (key !== undefined) this.#keys.set(key, running);
  }

  /** Begins nothing more. Resolves when nothing is handled any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#changed.notify();
    await Promise.all(this.#running);
  }

  async #handle(message: M): Promise<void> {
    for (let attempt = 1; !this.#isClosed; attempt++) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- each attempt follows the one before.
        await this.#parts.handle(message, attempt);
      } catch {
        // oxlint-disable-next-line no-await-in-loop -- a pause before the next attempt.
        await this.#changed.wait(() => this.#isClosed, AGAIN_MS);
        continue;
      }
      // A broker that did not hear of it gives the message again, and whoever handles it knows it.
      // oxlint-disable-next-line no-await-in-loop -- it ends the loop.
      await this.#parts.done(message).catch(() => undefined);
      return;
    }
  }
}
