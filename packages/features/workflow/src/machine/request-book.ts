import type { Answered, LeftEvent, Settled } from "./episode.ts";

/** Answers that are kept for those who ask again. */
const ANSWERS_MAX = 1_000;

/**
 * The requests of one run: those without an answer, and the answers to the latest others.
 *
 * ASKS-1. A request is taken once, however often it is asked, as long as its answer is kept.
 */
export class RequestBook {
  readonly #open = new Map<string, LeftEvent>();
  readonly #answers = new Map<string, Settled>();
  /** Requests that were answered since the last `takeFresh`. */
  #fresh: string[] = [];

  /** Requests without an answer. */
  get size(): number {
    return this.#open.size;
  }

  /** What the request was answered with. */
  answerTo(ask: string): Settled | undefined {
    return this.#answers.get(ask);
  }

  /** True if the request was asked before. */
  has(ask: string): boolean {
    return this.#open.has(ask) || this.#answers.has(ask);
  }

  /** False if the request was asked before. */
  open(ask: string, event: LeftEvent): boolean {
    if (this.has(ask)) return false;
    this.#open.set(ask, event);
    return true;
  }

  answer(ask: string, settled: Settled): void {
    if (!this.#open.delete(ask)) return;
    this.#answers.set(ask, settled);
    this.#fresh.push(ask);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > ANSWERS_MAX && oldest !== undefined) this.#answers.delete(oldest);
  }

  takeFresh(): readonly string[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }

  /** Requests without an answer, in the order in which they came. */
  openOnes(): LeftEvent[] {
    return [...this.#open.values()];
  }

  answered(): Answered[] {
    return [...this.#answers].map(([ask, settled]) => ({ ask, settled }));
  }

  /** Takes over the answers of the run before. */
  load(answered: readonly Answered[]): void {
    for (const { ask, settled } of answered) this.#answers.set(ask, settled);
  }

  /** Nobody answers any more. Answers that were given stay. */
  close(): void {
    this.#open.clear();
  }
}
