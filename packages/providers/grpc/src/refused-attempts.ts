import type { Clock, Logger, Refusal } from "@troupe/core";

/** How long a wrong proof waits for its answer. */
const SLOW_MS = 1_000;

/**
 * Wrong proofs that may wait at a time, from one host and in all. Others are answered by nothing.
 */
const WAITING_MAX_OF_HOST = 8;
const WAITING_MAX = 64;

/** A refusal of the same kind is logged again after this time. */
const LOG_EVERY_MS = 600_000;

/** Kinds of refusals that are remembered; the oldest is forgotten. */
const REMEMBERED_MAX = 1_000;

/** What becomes of a wrong proof. */
export interface LateAnswer {
  readonly answer: () => void;
  readonly drop: () => void;
}

/**
 * Those whom a listener does not let in: it slows them down, and does not fill the log with them.
 */
export class RefusedAttempts {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #waiting = new Map<string, number>();
  readonly #loggedAt = new Map<string, number>();
  #waitingInAll = 0;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Logs the refusal, once for each host, code and role. */
  log(
    peer: string,
    remote: { readonly peerId: string; readonly role: string },
    refusal: Refusal,
  ): void {
    const kind = `${hostOf(peer)} ${refusal.code} ${remote.role}`;
    const now = this.#clock.monotonic();
    const before = this.#loggedAt.get(kind);
    if (before !== undefined && now - before < LOG_EVERY_MS) return;
    const [oldest] = this.#loggedAt.keys();
    if (this.#loggedAt.size >= REMEMBERED_MAX && oldest !== undefined)
      this.#loggedAt.delete(oldest);
    this.#loggedAt.delete(kind);
    this.#loggedAt.set(kind, now);
    this.#logger.warn(
      {
        event: "link_refused",
        peer: remote.peerId,
        address: peer,
        role: remote.role,
        code: refusal.code,
      },
      `link refused: ${refusal.message}`,
    );
  }

  /** Calls `answer` after a while, or `drop` at once if too many wait already. */
  slow(peer: string, { answer, drop }: LateAnswer): void {
    const host = hostOf(peer);
    const waiting = this.#waiting.get(host) ?? 0;
    if (waiting >= WAITING_MAX_OF_HOST || this.#waitingInAll >= WAITING_MAX) return drop();
    this.#waiting.set(host, waiting + 1);
    this.#waitingInAll++;
    this.#clock.schedule(SLOW_MS, () => {
      this.#waitingInAll--;
      const left = (this.#waiting.get(host) ?? 1) - 1;
      if (left === 0) this.#waiting.delete(host);
      else this.#waiting.set(host, left);
      answer();
    });
  }
}

/** Of `host:port`. */
function hostOf(peer: string): string {
  return peer.slice(0, peer.lastIndexOf(":"));
}
