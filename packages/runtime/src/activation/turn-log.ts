import { type Clock, formatAddress, type Logger, messageOf } from "@troupe/core";
import type { Turn } from "./turn.ts";

/** A turn that takes longer is told: whoever calls the actor meanwhile waits for it. */
const SLOW_TURN_MS = 5_000;

/** Between two lines of one method. */
const SLOW_AGAIN_MS = 60_000;

/** Methods that are remembered. */
const METHODS_MAX = 1_000;

/** What the log of a silo says of turns: of those that throw, and of slow ones. */
export class TurnLog {
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** When a method was told of last, by type and name. */
  readonly #told = new Map<string, number>();

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** The caller hears of it, but for that of a one-way call. Ticks and hooks are told elsewhere. */
  threw({ request, system }: Turn, error: unknown): void {
    if (system !== undefined) return;
    const { oneWay, method } = request;
    const fields = { actor: formatAddress(request), method, reason: messageOf(error) };
    if (oneWay) {
      const event = "one_way_failed";
      this.#logger.warn(
        { event, ...fields },
        "a one-way call failed, and its caller hears nothing",
      );
    } else this.#logger.debug(fields, "a method threw");
  }

  /** The turn has ended. */
  ended({ request, startedAt, holdsNothing }: Turn, now: number): void {
    if (holdsNothing) return;
    if (startedAt !== undefined && now - startedAt > SLOW_TURN_MS)
      this.#slow(request, now - startedAt);
  }

  #slow({ type, id, method }: Turn["request"], tookMs: number): void {
    const now = this.#clock.monotonic();
    const name = `${type}.${method}`;
    const last = this.#told.get(name);
    if (last !== undefined && now - last < SLOW_AGAIN_MS) return;
    if (last === undefined && this.#told.size >= METHODS_MAX) this.#told.clear();
    this.#told.set(name, now);
    this.#logger.warn(
      {
        event: "slow_turn",
        actor: formatAddress({ type, id }),
        method,
        tookMs: Math.round(tookMs),
      },
      "a turn took long; calls of the actor waited for it",
    );
  }
}
