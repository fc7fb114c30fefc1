import type { Random, RequestEnvelope } from "@troupe/core";
import { OutboundCall, type RoutedTarget } from "./outbound-call.ts";
import type { Placement } from "./placement.ts";
import type { TurnScope } from "./turn-scope.ts";

/** What the address of every stateless worker has for an id. */
export const ANY_WORKER = "*";

/**
 * Which silo serves the next call of a stateless worker: the caller's own if it can, else the one
 * of two, drawn at random, that has fewer calls of this process.
 */
export class WorkerChoice {
  readonly #own: string | undefined;
  readonly #random: Random;
  /** Calls of this process that a silo has. */
  readonly #calls = new Map<string, number>();

  constructor(own: string | undefined, random: Random) {
    this.#own = own;
    this.#random = random;
  }

  choose(silos: readonly string[]): string | undefined {
    if (this.#own !== undefined && silos.includes(this.#own)) return this.#own;
    const [one, other] = [this.#draw(silos), this.#draw(silos)];
    return this.#callsAt(one) <= this.#callsAt(other) ? one : other;
  }

  /** A call is with another silo from now on, or with none. */
  moved(from: string | undefined, to: string | undefined): void {
    if (from !== undefined) this.#count(from, -1);
    if (to !== undefined) this.#count(to, 1);
  }

  #draw(silos: readonly string[]): string | undefined {
    return silos[Math.floor(this.#random.next() * silos.length)];
  }

  #callsAt(siloId: string | undefined): number {
    return siloId === undefined ? 0 : (this.#calls.get(siloId) ?? 0);
  }

  #count(siloId: string, change: number): void {
    const calls = this.#callsAt(siloId) + change;
    if (calls === 0) this.#calls.delete(siloId);
    else this.#calls.set(siloId, calls);
  }
}

/** A call of a stateless worker: each try of it chooses a silo. */
export class WorkerCall extends OutboundCall {
  readonly #choice: WorkerChoice;
  #isOver = false;

  constructor(
    choice: WorkerChoice,
    routed: RoutedTarget,
    request: RequestEnvelope,
    maker: TurnScope | undefined,
  ) {
    super(routed, request, maker);
    this.#choice = choice;
  }

  override get target(): string | undefined {
    return super.target;
  }

  override set target(siloId: string | undefined) {
    this.#choice.moved(super.target, siloId);
    super.target = siloId;
  }

  override resolve(value: unknown): void {
    if (!this.#isOver) this.#choice.moved(this.target, undefined);
    this.#isOver = true;
    super.resolve(value);
  }

  /** The silo that has it keeps it; else one that may have it next. */
  override ownerIn(placement: Placement): string | undefined {
    if (this.target !== undefined) return this.target;
    const siloId = this.#choice.choose(placement.workersOf(this.request.type) ?? []);
    if (siloId !== undefined) this.request = { ...this.request, id: siloId };
    return siloId;
  }
}
