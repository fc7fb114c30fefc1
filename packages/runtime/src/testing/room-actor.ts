import { type Clock, sleep, systemClock } from "@troupe/core";
import { Actor, actor, Feed, state, stream } from "@troupe/sdk";

/** The clock of the test that runs. */
let clock: Clock = systemClock;
/** What the streams of the test did. */
export const seen: string[] = [];

/** A room whose lines are read by streams. */
@actor("Room", { idleAfter: "1m" })
export class Room extends Actor {
  @state() accessor lines: string[] = [];
  @state() accessor reads = 0;
  readonly #said = new Feed<string>({ max: 100 });

  async say(line: string): Promise<void> {
    this.lines.push(line);
    this.#said.push(line);
  }

  async sayAndThrow(line: string): Promise<void> {
    this.lines.push(line);
    this.#said.push(line);
    await sleep(clock, 10);
    throw new RangeError("not said");
  }

  async read(): Promise<string[]> {
    return this.lines;
  }

  async readers(): Promise<number> {
    return this.#said.readers;
  }

  async end(): Promise<void> {
    this.deactivate();
  }

  async *follow(): AsyncGenerator<string> {
    const said = this.#said[Symbol.asyncIterator]();
    try {
      yield* this.lines;
      yield* said;
    } finally {
      seen.push(`left ${this.id}`);
    }
  }

  async *count(to: number): AsyncGenerator<number> {
    for (let number = 1; number <= to; number++) {
      seen.push(`made ${number}`);
      yield number;
    }
    if (to === 13) throw new RangeError("13 brings bad luck");
  }

  async *poll(): AsyncGenerator<number> {
    for (;;) {
      await sleep(clock, 20);
      yield this.lines.length;
    }
  }

  /** Never comes to a `yield` before somebody says something. */
  async *wait(): AsyncGenerator<string> {
    for (;;) {
      await sleep(clock, 20);
      const line = this.lines.at(-1);
      if (line !== undefined) yield line;
    }
  }

  async *readLoud(): AsyncGenerator<number> {
    for (;;) yield ++this.reads;
  }

  async *bad(): AsyncGenerator {
    yield () => "not to be copied";
  }

  @stream()
  twice(text: string): AsyncIterable<string> {
    return (async function* () {
      yield text;
      yield text;
    })();
  }

  async tell(id: string): Promise<void> {
    (this.send(Room, id) as unknown as { follow(): void }).follow();
  }

  async relay(id: string, lines: number): Promise<string[]> {
    const heard: string[] = [];
    for await (const line of this.actor(Room, id).follow()) {
      if (heard.push(line) === lines) break;
    }
    return heard;
  }
}

/** Each test begins with this. */
export function beginTest(ofTest: Clock): void {
  clock = ofTest;
  seen.length = 0;
}

/** Reads in the background; `items` grows, and `end` settles as the stream does. */
export function reading<T>(items: AsyncIterable<T>): {
  readonly items: T[];
  readonly end: Promise<unknown>;
} {
  const got: T[] = [];
  const end = (async () => {
    try {
      for await (const item of items) got.push(item);
      return "returned";
    } catch (error) {
      return error;
    }
  })();
  return { items: got, end };
}
