import { Actor, actor } from "troupe";

/** An item of a stream: small, as most news are. */
export interface Line {
  readonly number: number;
  readonly by: string;
  readonly text: string;
}

export function lineOf(number: number): Line {
  return { number, by: "alice", text: "hello, everybody" };
}

/** Gives lines for as long as somebody reads them, as fast as they are read. */
@actor("BenchSource", { idleAfter: "1h" })
export class Source extends Actor {
  async *lines(): AsyncGenerator<Line> {
    for (let number = 0; ; number++) yield lineOf(number);
  }
}
