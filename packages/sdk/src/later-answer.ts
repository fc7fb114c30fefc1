/**
 * What a method of a behaviour gives in place of its result when it has to wait for something that
 * only a later turn can bring. Its turn ends at once, and holds up nothing. The caller gets what
 * the promise settles with, when everything that was stored until then is stored.
 *
 * Whoever makes one sees to it that the promise settles, at the latest when the activation ends. A
 * call that is known by an idempotency key, or is a durable send, cannot be answered later.
 */
export class LaterAnswer {
  readonly answer: Promise<unknown>;

  constructor(answer: Promise<unknown>) {
    this.answer = answer;
  }
}
