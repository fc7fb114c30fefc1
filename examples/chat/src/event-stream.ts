import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { News } from "./room.ts";

/** How long a browser waits until it comes back. */
const COME_BACK_MS = 500;

/** A reader that takes nothing for so long is gone, or may as well come back. */
const STUCK_MS = 30_000;

/** One of the server's open streams of events, to one reader. */
export class EventStream {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  /** Before the first event. */
  begin(): void {
    this.#response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      // It ends when the reader or the server leaves, and nothing comes after it.
      connection: "close",
      // So that a proxy in between, such as nginx, does not wait for more.
      "x-accel-buffering": "no",
    });
    this.#response.write(`retry: ${COME_BACK_MS}\n\n`);
  }

  /** Resolves when there is room for the next one: a slow reader holds back its own stream only. */
  async tell(news: News): Promise<void> {
    if (this.#response.write(formatEvent(news))) return;
    const stuck = AbortSignal.timeout(STUCK_MS);
    const closed = new AbortController();
    const close = (): void => closed.abort(new Error("the reader has gone"));
    this.#response.once("close", close);
    try {
      await once(this.#response, "drain", { signal: AbortSignal.any([stuck, closed.signal]) });
    } finally {
      this.#response.off("close", close);
    }
  }

  /** Keeps the connection from looking idle to what is in between. */
  beat(): void {
    if (!this.#response.writableNeedDrain) this.#response.write(":\n\n");
  }
}

/** The id is what a browser gives back as `Last-Event-ID`. JSON has no line breaks. */
export function formatEvent({ kind, ...data }: News): string {
  return `id: ${data.number}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
}
