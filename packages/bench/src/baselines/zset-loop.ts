import { type Clock, type Scheduled } from "@troupe/core";
import { Redis } from "ioredis";

const POLL_EVERY_MS = 10;
const CLAIMED_AT_ONCE = 200;

/** Takes what is due out of the set, in one step, so that of several loops one gets it. */
const CLAIM = `
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
if #due > 0 then redis.call('ZREM', KEYS[1], unpack(due)) end
return due
`;

const KEY = "bench:due";

/**
 * What people write without a library: a sorted set of due times, and a loop that looks each 10 ms
 * for what is due. It loses what was claimed when its process dies, and runs nothing but a
 * callback.
 */
export class ZsetLoop {
  readonly #redis: Redis;
  readonly #clock: Clock;
  readonly #onDue: (name: string) => void;
  #poll: Scheduled | undefined;
  #polling: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(url: string, clock: Clock, onDue: (name: string) => void) {
    this.#redis = new Redis(url, { enableAutoPipelining: true });
    this.#clock = clock;
    this.#onDue = onDue;
    this.#schedule();
  }

  async set(name: string, dueAt: number): Promise<void> {
    await this.#redis.zadd(KEY, dueAt, name);
  }

  async close(): Promise<void> {
    this.#stopped = true;
    this.#poll?.cancel();
    await this.#polling;
    this.#redis.disconnect();
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#poll = this.#clock.schedule(POLL_EVERY_MS, () => {
      this.#polling = this.#claimDue().finally(() => this.#schedule());
    });
  }

  async #claimDue(): Promise<void> {
    for (;;) {
      const due = (await this.#redis.eval(
        CLAIM,
        1,
        KEY,
        this.#clock.now(),
        CLAIMED_AT_ONCE,
      )) as string[];
      for (const name of due) this.#onDue(name);
      if (due.length < CLAIMED_AT_ONCE) return;
    }
  }
}
