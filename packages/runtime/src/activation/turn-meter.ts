import type { Outcome } from "@troupe/core";
import type { Turn } from "./turn.ts";

/**
 * Upper bounds in seconds: from a turn that changes nothing to one that waits for another service.
 */
export const TURN_SECONDS: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** Methods that are told apart; an actor without a closed list of methods could have any number. */
const METHODS_MAX = 1_000;

/** The method that stands for those that are told apart no more. */
const OTHER = "other";

/** The turns of one method of one type, since the silo started. */
export class MethodTurns {
  readonly type: string;
  readonly method: string;
  /** Whose outcome was a value. */
  succeeded = 0;
  failed = 0;
  /** How many took how long, by the bounds of `TURN_SECONDS`. */
  readonly counts: number[] = Array.from({ length: TURN_SECONDS.length + 1 }, () => 0);
  /** Seconds that they took together. */
  sum = 0;

  constructor(type: string, method: string) {
    this.type = type;
    this.method = method;
  }
}

/**
 * Counts the turns of a silo that have ended, in plain fields: it costs a turn two look-ups. A turn
 * lasts from its start until its outcome may leave, so the commit is a part of it.
 */
export class TurnMeter {
  readonly #types = new Map<string, Map<string, MethodTurns>>();
  #size = 0;

  ended({ request, startedAt }: Turn, outcome: Outcome, now: number): void {
    const turns = this.#of(request.type, request.method);
    if (outcome.kind === "value") turns.succeeded++;
    else turns.failed++;
    // Of a turn whose method answers later nobody knows how long it took.
    if (startedAt === undefined) return;
    const seconds = (now - startedAt) / 1_000;
    turns.sum += seconds;
    const bucket = bucketOf(seconds);
    turns.counts[bucket] = (turns.counts[bucket] ?? 0) + 1;
  }

  *values(): Iterable<MethodTurns> {
    for (const ofType of this.#types.values()) yield* ofType.values();
  }

  #of(type: string, method: string): MethodTurns {
    let ofType = this.#types.get(type);
    if (ofType === undefined) this.#types.set(type, (ofType = new Map()));
    return ofType.get(method) ?? this.#begin(ofType, type, method);
  }

  #begin(ofType: Map<string, MethodTurns>, type: string, method: string): MethodTurns {
    const name = this.#size < METHODS_MAX ? method : OTHER;
    const known = ofType.get(name);
    if (known !== undefined) return known;
    const turns = new MethodTurns(type, name);
    ofType.set(name, turns);
    this.#size++;
    return turns;
  }
}

function bucketOf(seconds: number): number {
  let bucket = 0;
  while (seconds > (TURN_SECONDS[bucket] ?? Number.POSITIVE_INFINITY)) bucket++;
  return bucket;
}
