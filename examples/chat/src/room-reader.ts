import { setTimeout as pause } from "node:timers/promises";
import { parseEvents } from "./parse-events.ts";

/** How long a reader waits until it comes back, as a browser does. */
const COME_BACK_MS = 200;

/** A line as a reader has heard it. */
export interface HeardLine {
  readonly number: number;
  readonly name: string;
  readonly text: string;
}

/**
 * Somebody who reads a room over HTTP, as a browser does: it comes back with the number of the last
 * event when its connection ends.
 */
export class RoomReader {
  readonly name: string;
  readonly heard: HeardLine[] = [];
  /** Lines that it was told it has missed. */
  missed = 0;
  /** Connections that it has made. */
  connections = 0;
  present: readonly string[] = [];
  readonly #url: string;
  readonly #left = new AbortController();
  #connection = new AbortController();
  #last: string | undefined;
  #reading: Promise<void> | undefined;

  /** `url` is that of the room. */
  constructor(url: string, name: string) {
    this.#url = url;
    this.name = name;
  }

  /** Begins to read. */
  enter(): void {
    this.#reading ??= this.#readOn();
  }

  /** Breaks its connection; it comes back. */
  cut(): void {
    this.#connection.abort();
  }

  /** Resolves when its connection is closed. */
  async leave(): Promise<void> {
    this.#left.abort();
    await this.#reading;
  }

  async #readOn(): Promise<void> {
    const { signal } = this.#left;
    while (!signal.aborted) {
      this.#connection = new AbortController();
      try {
        await this.#readOnce(AbortSignal.any([signal, this.#connection.signal]));
        await pause(COME_BACK_MS, undefined, { signal });
      } catch {
        // It has left, or the connection broke, or nobody listens: each is seen from what it heard.
        if (!signal.aborted) await pause(COME_BACK_MS);
      }
    }
  }

  async #readOnce(signal: AbortSignal): Promise<void> {
    const query = new URLSearchParams({ name: this.name });
    const headers = this.#last === undefined ? {} : { "last-event-id": this.#last };
    const response = await fetch(`${this.#url}/events?${query.toString()}`, { headers, signal });
    if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
    this.connections++;
    const text = response.body.pipeThrough(new TextDecoderStream());
    for await (const { id, event, data } of parseEvents(text)) {
      this.#take(event, JSON.parse(data));
      this.#last = id;
    }
  }

  #take(event: string, news: HeardLine & { count: number; names: readonly string[] }): void {
    if (event === "line") this.heard.push(news);
    else if (event === "missed") this.missed += news.count;
    else if (event === "present") this.present = news.names;
  }
}
