import { type ActorType, actor, Feed, readonly, state } from "@troupe/sdk";
import type { Probe } from "./probe.ts";
import { IDLE_AFTER, type WatchedActor } from "./watched-actor.ts";

/** What streams of a board give: one of its marks, and its place among them. */
export interface Marked {
  readonly index: number;
  readonly mark: string;
}

/** Marks that a reader of a board may leave unread: few, so that slow ones are told. */
const UNREAD_MAX = 30;

/** The class `Board`: a list that only grows, and that is read by streams. */
export function boardActor(probe: Probe, Watched: WatchedActor): ActorType {
  @actor("Board", { idleAfter: IDLE_AFTER })
  class Board extends Watched {
    @state() accessor marks: string[] = [];
    readonly #put = new Feed<Marked>({ max: UNREAD_MAX });

    async mark(call: string, ms: number): Promise<number> {
      return await probe.turn(this, { call, method: "mark" }, async () => {
        this.#add(call);
        await probe.work(ms);
        return this.marks.length;
      });
    }

    /** Marks, waits, and throws: nobody may ever see the mark. */
    async smudge(call: string, ms: number): Promise<void> {
      await probe.turn(this, { call, method: "smudge" }, async () => {
        this.#add(call);
        await probe.work(ms);
        throw new RangeError("smudged on purpose");
      });
    }

    /** The marks from `after` on, and then each that comes. */
    async *follow(call: string, after: number): AsyncGenerator<Marked> {
      const put = this.#put.subscribe();
      let next = after;
      for (const mark of this.marks.slice(after)) {
        yield { index: next++, mark };
        probe.instant(this, { call, method: "follow" });
      }
      for await (const marked of put) {
        if (marked.index < next) continue;
        next = marked.index + 1;
        yield marked;
        probe.instant(this, { call, method: "follow" });
      }
    }

    /** Looks at the last mark again and again, also in the middle of other turns. */
    async *poll(call: string, everyMs: number): AsyncGenerator<Marked> {
      for (;;) {
        await probe.work(everyMs);
        const { marks } = this;
        const mark = marks.at(-1);
        if (mark === undefined) continue;
        yield { index: marks.length - 1, mark };
        probe.instant(this, { call, method: "poll" });
      }
    }

    @readonly()
    async facts(call: string): Promise<readonly string[]> {
      return await probe.turn(this, { call, method: "facts", shared: true }, () => this.marks);
    }

    #add(mark: string): void {
      const index = this.marks.push(mark) - 1;
      this.#put.push({ index, mark });
    }
  }
  return Board;
}
