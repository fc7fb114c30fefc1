import { sleep, systemClock } from "@troupe/core";
import { Actor, actor, interleave } from "troupe";

/**
 * The silo's timer may fire before the caller's, and an answer that came between the two would be
 * no timeout.
 */
const BEYOND_MS = 50;

/** Takes the silo's time, or the caller's. */
@actor("BenchWorker", { idleAfter: "1h", mailboxMax: 5 })
export class Worker extends Actor {
  /** Keeps the processor busy for so many rounds of nothing. */
  work(rounds: number): number {
    let sum = 0;
    for (let round = 0; round < rounds; round++) sum = (sum * 31 + round) % 1_000_003;
    return sum;
  }

  /** Answers when nobody waits any more. */
  @interleave() async stall(): Promise<void> {
    const { signal } = this.context;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await sleep(systemClock, BEYOND_MS);
  }
}
