import { Actor, actor } from "troupe";

/** Gives numbers for as long as somebody reads them, as fast as they are read. */
@actor("BenchSource", { idleAfter: "1h" })
export class Source extends Actor {
  async *numbers(): AsyncGenerator<number> {
    for (let number = 0; ; number++) yield number;
  }
}
