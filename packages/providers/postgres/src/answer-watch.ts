import type { Socket } from "node:net";
import type { Clock, Scheduled } from "@troupe/core";
import { SILENCE_TIMEOUT_MS, STATEMENT_TIMEOUT_MS } from "./pg-client.ts";

/**
 * Waits for the answer to one statement, and ends the connection if it says nothing, or if the
 * answer takes too long altogether.
 */
export class AnswerWatch {
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #began: number;
  #timer: Scheduled;

  constructor(socket: Socket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
    this.#began = clock.monotonic();
    this.#timer = this.#wait();
  }

  /** The answer is there. */
  end(): void {
    this.#timer.cancel();
  }

  #wait(): Scheduled {
    const heard = this.#socket.bytesRead;
    return this.#clock.schedule(SILENCE_TIMEOUT_MS, () => {
      const waitedMs = Math.round(this.#clock.monotonic() - this.#began);
      if (this.#socket.bytesRead > heard && waitedMs < STATEMENT_TIMEOUT_MS)
        this.#timer = this.#wait();
      else this.#socket.destroy(new Error(`no answer within ${waitedMs} ms`));
    });
  }
}
