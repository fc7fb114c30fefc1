import type { OutboundCall } from "./outbound-call.ts";

/** The calls to one actor that cannot be sent just now. */
interface Queue {
  /** Sorted by call id: in the order they were made. */
  readonly calls: OutboundCall[];
  /**
   * Calls to the same actor that are still with a silo that no longer owns it. While there is one,
   * nothing is sent (C5).
   */
  readonly ahead: Set<number>;
}

/**
 * Calls that wait for a view, a link, or a silo that is ready. While one call to an actor waits,
 * all later ones to it wait behind it, so that they run in the order they were made (C5).
 */
export class WaitingCalls {
  readonly #queues = new Map<string, Queue>();

  get isEmpty(): boolean {
    return this.#queues.size === 0;
  }

  has(key: string): boolean {
    return this.#queues.size > 0 && this.#queues.has(key);
  }

  add(call: OutboundCall): void {
    const { calls } = this.#queueOf(call.key);
    let index = calls.length;
    while (index > 0 && (calls[index - 1]?.request.callId ?? 0) > call.request.callId) index--;
    calls.splice(index, 0, call);
  }

  /** Later calls to the actor wait until this one, which is under way, has ended. */
  holdBehind(call: OutboundCall): void {
    this.#queueOf(call.key).ahead.add(call.request.callId);
  }

  /**
   * The call has ended or waits itself: nothing waits for it any more. True if calls behind it can
   * be tried now.
   */
  release(call: OutboundCall): boolean {
    if (this.#queues.size === 0) return false;
    const queue = this.#queues.get(call.key);
    return queue !== undefined && queue.ahead.delete(call.request.callId) && queue.ahead.size === 0;
  }

  /** Takes the call out, wherever it stands. */
  remove(call: OutboundCall): void {
    const queue = this.#queues.get(call.key);
    const index = queue?.calls.indexOf(call) ?? -1;
    if (queue === undefined || index < 0) return;
    queue.calls.splice(index, 1);
    this.#drop(call.key, queue);
  }

  /**
   * Offers the waiting calls in order. The first that is not taken stops its actor's queue, and so
   * does one that comes back at once.
   */
  retry(take: (call: OutboundCall) => boolean): void {
    // A copy: a call that comes back at once may put a queue behind the last one, for ever.
    for (const [key, queue] of Array.from(this.#queues)) {
      if (queue.ahead.size > 0) continue;
      const offered = queue.calls.splice(0);
      let taken = 0;
      for (const call of offered) {
        if (queue.calls.length > 0 || !take(call)) break;
        taken++;
      }
      for (const call of offered.slice(taken)) this.add(call);
      this.#drop(key, queue);
    }
  }

  #drop(key: string, queue: Queue): void {
    if (queue.calls.length === 0 && queue.ahead.size === 0) this.#queues.delete(key);
  }

  #queueOf(key: string): Queue {
    const queue = this.#queues.get(key) ?? { calls: [], ahead: new Set() };
    this.#queues.set(key, queue);
    return queue;
  }
}
