import { messageOf, sleep, systemClock } from "@troupe/core";
import { type Actor, type ActorRef, type Cluster, type ErrorCode, TroupeError } from "troupe";

const PAUSE_MS = 50;

/** What calls may fail with while silos and stores are killed. Anything else is a mistake. */
const RIGHTFUL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "TIMEOUT",
  "SILO_LOST",
  "STORE_UNAVAILABLE",
  "CLUSTER_UNAVAILABLE",
  "ACTIVATION_FAILED",
  "FENCED",
  "OVERLOADED",
]);

/**
 * Calls again, under the same key, until it is answered: as a caller does that wants its call to
 * take effect once.
 */
export class SteadyCaller {
  readonly client: Cluster;
  /** Failures that no kill explains. */
  readonly problems: string[] = [];
  answered = 0;
  repeated = 0;
  readonly #underWay = new Set<Promise<void>>();

  constructor(client: Cluster) {
    this.client = client;
  }

  /** A reference by the name of a type, whose class only the silos load. */
  actor<A extends Actor>(type: string, id: string, idempotencyKey?: string): ActorRef<A> {
    const options = idempotencyKey === undefined ? {} : { idempotencyKey };
    return this.client.actor(type, id, options) as unknown as ActorRef<A>;
  }

  /** Calls in the background; `onAnswer` is told once. */
  call<T>(name: string, attempt: (key: string) => Promise<T>, onAnswer: (value: T) => void): void {
    const done = this.#untilAnswered(name, attempt, onAnswer).finally(() =>
      this.#underWay.delete(done),
    );
    this.#underWay.add(done);
  }

  /** How many calls wait for their answer. */
  get waiting(): number {
    return this.#underWay.size;
  }

  /** Resolves when every call was answered. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  async #untilAnswered<T>(
    name: string,
    attempt: (key: string) => Promise<T>,
    onAnswer: (value: T) => void,
  ): Promise<void> {
    for (;;) {
      try {
        const value = await attempt(name);
        this.answered++;
        onAnswer(value);
        return;
      } catch (error) {
        if (!(error instanceof TroupeError && RIGHTFUL.has(error.code))) {
          this.problems.push(`${name} failed: ${messageOf(error)}`);
          return;
        }
      }
      this.repeated++;
      await sleep(systemClock, PAUSE_MS);
    }
  }
}
