import { messageOf, sleep, type View, type ViewListener, type ViewWatch } from "@troupe/core";
import type { Snapshot } from "./view-reader.ts";
import { WatchSession, type SessionEnd, type WatchContext } from "./watch-session.ts";

const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 1_000;

/**
 * A watch that goes on through everything that happens to etcd and to the connection: each session
 * starts with a list.
 *
 * FOLLOW-1. Views come in order of their number, each once; only the first one after `onBroken` may
 * have
 *     the number of the last one.
 * FOLLOW-2. `onBroken` is called once for each break, when etcd does not answer; reading again
 * because a
 *     watch was stale is not a break.
 * FOLLOW-3. Nothing is called after `close` was.
 */
export class EtcdViewWatch implements ViewWatch {
  readonly #context: WatchContext;
  readonly #listener: ViewListener;
  #closed = false;
  #broken = false;
  #last: View | undefined;
  #session: WatchSession | undefined;
  #following: Promise<void> = Promise.resolve();
  readonly #closing = Promise.withResolvers<void>();

  constructor(context: WatchContext, listener: ViewListener) {
    this.#context = context;
    this.#listener = listener;
  }

  /** Gives the first view, or rejects if etcd is away. */
  async open(): Promise<void> {
    const session = await this.#startSession();
    this.#following = this.#follow(session);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#closing.resolve();
    await this.#session?.close();
    await this.#following;
  }

  async #startSession(): Promise<WatchSession> {
    const snapshot: Snapshot = await this.#context.reader.read();
    const session = new WatchSession(this.#context, snapshot, (view, before) =>
      this.#give(view, before),
    );
    this.#session = session;
    await session.start();
    if (this.#closed) await session.close();
    this.#give(snapshot.view);
    return session;
  }

  async #follow(first: WatchSession): Promise<void> {
    let session = first;
    while (!this.#closed) {
      const end = await session.ended;
      if (this.#closed) return;
      this.#noteEnd(end);
      const next = await this.#restart();
      if (next === undefined) return;
      session = next;
    }
  }

  async #restart(): Promise<WatchSession | undefined> {
    for (let pauseMs = RETRY_MIN_MS; !this.#closed; pauseMs = Math.min(2 * pauseMs, RETRY_MAX_MS)) {
      try {
        return await this.#startSession();
      } catch (error) {
        await this.#session?.close();
        this.#reportBroken(error instanceof Error ? error : new Error(messageOf(error)));
        await Promise.race([sleep(this.#context.clock, pauseMs), this.#closing.promise]);
      }
    }
    return undefined;
  }

  #noteEnd(end: SessionEnd): void {
    switch (end.kind) {
      case "broken":
        this.#reportBroken(end.error);
        break;
      case "stale":
        this.#context.logger.debug({ reason: end.reason }, "the members are read from etcd again");
        break;
    }
  }

  #give(view: View, before?: number): void {
    if (this.#closed) return;
    const last = this.#last?.revision ?? -1;
    if (view.revision < last || (view.revision === last && !this.#broken)) return;
    this.#broken = false;
    this.#last = view;
    this.#context.reader.note(view);
    this.#listener.onView(view, before);
  }

  #reportBroken(error: Error): void {
    if (this.#closed || this.#broken) return;
    this.#broken = true;
    this.#listener.onBroken(error);
  }
}
