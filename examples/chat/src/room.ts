import { Actor, actor, error, Feed, idempotent, readonly, state } from "troupe";
import { HISTORY_MAX, READERS_MAX, whyNotName, whyNotRoom, whyNotText } from "./room-rules.ts";

/** What somebody has said. */
export interface Line {
  /** The first line of a room is 1, and each has one more than the one before. */
  readonly number: number;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly name: string;
  readonly text: string;
}

/**
 * What a reader of a room is told. Each item has the number of the last line that the reader has
 * when it has read the item: so it says where to go on.
 */
export type News =
  | ({ readonly kind: "line" } & Line)
  /** The room no longer has lines that the reader has not read, up to `number`. */
  | { readonly kind: "missed"; readonly number: number; readonly count: number }
  /** Who is in the room now, each name once. */
  | { readonly kind: "present"; readonly number: number; readonly names: readonly string[] };

/** There is no place for one more reader. */
@error("RoomFull")
export class RoomFull extends Error {}

/**
 * A room: its last lines, which are stored, and who is in it, which is not.
 *
 * CHAT-1. A line has its number when it is stored, and no other line ever has that number.
 * CHAT-2. Who follows gets every line after `after` that the room still has, in order, each once,
 *         and is told of those that it has no more.
 * CHAT-3. Somebody is in the room as long as a stream of theirs is open. When the room moves to
 *         another silo its readers come after it, and that tells it who is there.
 */
@actor("Room", { idleAfter: "1h" })
export class Room extends Actor {
  @state() accessor lines: Line[] = [];
  @state() accessor count = 0;
  /** Who is further behind than the room remembers has to begin again. */
  readonly #news = new Feed<News>({ max: HISTORY_MAX });
  /** Open streams by the name of their reader. */
  readonly #present = new Map<string, number>();

  /** Adds a line, and gives its number. With an `idempotencyKey` the call can be repeated. */
  async say(name: string, text: string): Promise<number> {
    refuse(whyNotRoom(this.id) ?? whyNotName(name) ?? whyNotText(text));
    const line: Line = { number: this.count + 1, at: this.now(), name, text: text.trim() };
    this.count = line.number;
    this.lines = [...this.lines, line].slice(-HISTORY_MAX);
    this.#news.push({ kind: "line", ...line });
    return line.number;
  }

  /**
   * Enters the room until the stream ends. Without `after` it begins with all lines that the room
   * has kept; with it, with the line behind that number.
   */
  async *follow(name: string, after?: number): AsyncGenerator<News> {
    refuse(whyNotRoom(this.id) ?? whyNotName(name) ?? whyNotAfter(after));
    if (this.#readers() >= READERS_MAX)
      throw new RoomFull(`${this.id} is full: ${READERS_MAX} people read it; try again later`);
    // Before the look at the lines, and all in one turn, so that nothing is missed.
    const news = this.#news.subscribe();
    const kept = this.#after(after);
    this.#enter(name, 1);
    try {
      // This turn ends with its first item, and only then do the others hear of who has come.
      yield this.#presence(after ?? 0);
      yield* kept;
      yield* news;
    } finally {
      this.#enter(name, -1);
    }
  }

  /** The last lines. */
  @readonly()
  @idempotent()
  async read(): Promise<readonly Line[]> {
    return this.lines;
  }

  /** The process that the room is in, for those who want to kill it. */
  @readonly()
  @idempotent()
  async pid(): Promise<number> {
    return process.pid;
  }

  #after(after: number | undefined): News[] {
    const lines = this.lines.filter(({ number }) => number > (after ?? 0));
    const items = lines.map((line): News => ({ kind: "line", ...line }));
    if (after === undefined) return items;
    const first = lines[0]?.number ?? this.count + 1;
    const count = first - after - 1;
    return count > 0 ? [{ kind: "missed", number: first - 1, count }, ...items] : items;
  }

  #readers(): number {
    return this.#present.values().reduce((sum, streams) => sum + streams, 0);
  }

  /** Somebody comes or goes, and everybody is told who is there. */
  #enter(name: string, change: 1 | -1): void {
    const streams = (this.#present.get(name) ?? 0) + change;
    if (streams > 0) this.#present.set(name, streams);
    else this.#present.delete(name);
    this.#news.push(this.#presence(this.count));
  }

  #presence(number: number): News {
    return { kind: "present", number, names: [...this.#present.keys()].toSorted() };
  }
}

function whyNotAfter(after: unknown): string | undefined {
  if (after === undefined || (Number.isSafeInteger(after) && Number(after) >= 0)) return undefined;
  return "after is the number of a line, or 0";
}

function refuse(reason: string | undefined): void {
  if (reason !== undefined) throw new RangeError(reason);
}
