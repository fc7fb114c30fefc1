import { setTimeout as pause } from "node:timers/promises";
import type { DemoOptions } from "./chat-options.ts";
import type { LocalChat } from "./local-chat.ts";
import { RoomReader } from "./room-reader.ts";
import { sayLine } from "./say-line.ts";
import { isWhole, tallyOf } from "./tally.ts";

const ROOM = "lobby";

/** Between two lines of one person. */
const THINK_MS = 20;

/** How long readers may take, when the last line is said, to hear what they have not heard yet. */
const LISTEN_MAX_MS = 15_000;
const LISTEN_EVERY_MS = 50;

const NAMES = ["Ada", "Grace", "Edsger", "Barbara", "Alan", "Radia", "Donald", "Frances"];

export interface DemoParts {
  readonly options: DemoOptions;
  readonly chat: LocalChat;
  /** Where a line of the report goes. */
  readonly print: (line: string) => void;
  /** The demo is to end at once. */
  readonly signal: AbortSignal;
}

/** People who read and talk in one room over HTTP, while the silo that it is in is killed. */
export class Demo {
  readonly #parts: DemoParts;
  readonly #said: number[] = [];
  #crash: Promise<void> | undefined;

  constructor(parts: DemoParts) {
    this.#parts = parts;
  }

  /** True if every reader has heard every line, once and in order. */
  async run(): Promise<boolean> {
    const { options, chat, print } = this.#parts;
    print(`starting ${options.silos} silos, and an HTTP server that is none`);
    const silos = await Promise.all(Array.from({ length: options.silos }, () => chat.startSilo()));
    for (const silo of silos)
      print(`  ${silo.name} is process ${silo.pid}, at ${await silo.ready}`);
    const server = await chat.startHttp();
    const url = `${server}/rooms/${ROOM}`;
    print(`  the room is at ${url}`);
    const readers = Array.from(
      { length: options.readers },
      (_, index) => new RoomReader(url, `Reader ${index + 1}`),
    );
    for (const reader of readers) reader.enter();
    try {
      await this.#until(() => readers.every(({ present }) => present.length === readers.length));
      print(`  ${readers[0]?.present.join(", ")} are in it`);
      await this.#talk(url, readers);
      await this.#until(() => readers.every(({ heard }) => heard.length >= this.#said.length));
      return this.#report(readers);
    } finally {
      await Promise.all(readers.map((reader) => reader.leave()));
    }
  }

  async #talk(url: string, readers: readonly RoomReader[]): Promise<void> {
    const { options, print } = this.#parts;
    const all = options.writers * options.lines;
    print(`${options.writers} people say ${options.lines} lines each`);
    const start = process.uptime();
    await Promise.all(
      Array.from({ length: options.writers }, async (_, index) => {
        const name = NAMES[index] ?? `Writer ${index + 1}`;
        for (let line = 1; line <= options.lines; line++) {
          this.#said.push(await sayLine(url, { name, text: `line ${line}` }, this.#parts.signal));
          if (this.#said.length >= all / 3) this.#crash ??= this.#kill();
          // One reader's connection breaks, too: so both ways to come back are seen.
          if (this.#said.length === Math.ceil((all * 2) / 3)) readers.at(-1)?.cut();
          await pause(THINK_MS, undefined, { signal: this.#parts.signal });
        }
      }),
    );
    await this.#crash;
    print(`  ${this.#said.length} lines are said, in ${(process.uptime() - start).toFixed(1)} s`);
  }

  async #kill(): Promise<void> {
    const { chat, print } = this.#parts;
    const victim = await chat.killSiloOf(ROOM);
    print(`  ${victim.name}, which the room was in, was killed with SIGKILL; starting another`);
    const silo = await chat.startSilo();
    print(`  ${silo.name} is process ${silo.pid}, at ${await silo.ready}`);
  }

  /** Looks until it is so, or was long enough; what is missing then is told by the report. */
  async #until(isSo: () => boolean): Promise<void> {
    const { signal } = this.#parts;
    for (let waited = 0; waited < LISTEN_MAX_MS && !isSo(); waited += LISTEN_EVERY_MS)
      await pause(LISTEN_EVERY_MS, undefined, { signal });
  }

  #report(readers: readonly RoomReader[]): boolean {
    const { print } = this.#parts;
    const distinct = new Set(this.#said).size;
    print(`\n  said       ${this.#said.length} lines, each with a number of its own: ${distinct}`);
    const tallies = readers.map(({ name, heard, missed, connections }) => {
      const tally = tallyOf(
        this.#said,
        heard.map(({ number }) => number),
      );
      const { lost, doubled, strange, isInOrder } = tally;
      print(
        `  ${name}   heard ${tally.heard}, lost ${lost}, doubled ${doubled}, unknown ${strange}, ${isInOrder ? "in order" : "OUT OF ORDER"}; told of ${missed} missed; ${connections === 1 ? "1 connection" : `${connections} connections`}`,
      );
      return isWhole(tally) && missed === 0;
    });
    return distinct === this.#said.length && tallies.every(Boolean);
  }
}
