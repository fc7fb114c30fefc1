import type { ReplySink } from "@troupe/client";
import {
  type Clock,
  errorToPortable,
  formatAddress,
  type Outcome,
  type Payload,
  type Principal,
  type RequestEnvelope,
  type StreamItem,
  type StreamWindow,
  TroupeError,
} from "@troupe/core";
import type { TurnWork } from "../activation/activation-parts.ts";
import { OWN_PEER, ownRequest } from "../activation/own-request.ts";

/** How long until an item is offered again for which the link had no room. */
const ROOM_RETRY_MS = 10;

/** The activation that serves a stream. */
export interface StreamServer {
  /** Runs a turn of the stream. `"closing"`: no more of them run here. */
  runStreamTurn(request: RequestEnvelope, sink: ReplySink, work: TurnWork): "accepted" | "closing";
  /** Runs a turn when the activation ends, and nothing else runs. */
  runLastTurn(method: string, work: TurnWork): Promise<void>;
}

export interface ServedStreamParts {
  readonly clock: Clock;
  readonly server: StreamServer;
  /** The call that opened it, and where its items go. */
  readonly request: RequestEnvelope;
  readonly window: StreamWindow;
  readonly sink: ReplySink;
  readonly items: AsyncIterator<unknown>;
  /** It has ended, and nothing of it has to be known any more. */
  onEnd(stream: ServedStream): void;
}

type State =
  /** Its method waits at a `yield`, or has not begun. */
  | "paused"
  /** A turn of it runs, waits for its start, or for what must be stored before its item leaves. */
  | "running"
  /** Its item waits for room on the link. */
  | "blocked"
  | "ended";

/**
 * One stream of an actor, from its first turn to its end.
 *
 * STR-1. What the method does from one item to the next is a turn. Its item leaves as an outcome
 *        does, so it shows nothing that is not stored (V7), and the next turn starts after that.
 * STR-2. No turn starts while as many items, or bytes of them, are on their way as the reader's
 *        window has.
 * STR-3. The reader is told once how it ended, after the last item; unless it has left itself.
 * STR-4. When it has ended, its signal is aborted, and its method leaves its loop as by `return`:
 *        in a turn, unless the activation is lost.
 */
export class ServedStream implements ReplySink {
  /** Its turns are the activation's own: they end with it, and go to no other. */
  readonly peerId = OWN_PEER;
  readonly principal: Principal;
  readonly #parts: ServedStreamParts;
  readonly #request: RequestEnvelope;
  readonly #controller = new AbortController();
  #state: State = "paused";
  #itemsOut = 0;
  #bytesOut = 0;
  /** The method has returned or thrown, or was told to. */
  #isOver = false;
  /** The method's code runs, or waits for something else than its reader. */
  #isBusy = false;

  constructor(parts: ServedStreamParts) {
    const { type, id, method, callId, chain, headers } = parts.request;
    this.principal = parts.sink.principal;
    this.#parts = parts;
    const deadline = Number.POSITIVE_INFINITY;
    this.#request = ownRequest({ type, id, method, callId, chain, headers, deadline });
  }

  get callId(): number {
    return this.#request.callId;
  }

  /** Where its items go. */
  get reader(): ReplySink {
    return this.#parts.sink;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Its first turn may run. */
  begin(): void {
    this.#runNext();
  }

  /** The reader has taken so much. */
  credit({ items, bytes }: StreamWindow): void {
    this.#itemsOut = Math.max(0, this.#itemsOut - items);
    this.#bytesOut = Math.max(0, this.#bytesOut - bytes);
    this.#runNext();
  }

  /** The reader has left. */
  cancel(): void {
    const wasPaused = this.#state === "paused";
    if (this.#finish() && wasPaused) this.#leaveLoop();
  }

  /** The activation ends. */
  end(): void {
    const { request } = this.#parts;
    const message = `${formatAddress(request)} is no longer active here, so its stream ${request.method}() ends; open it again, or give resume`;
    const payload = errorToPortable(new TroupeError("MOVED", message));
    this.#tellEnd({ kind: "error", payload });
  }

  /** Its method leaves its loop, if it waits at a `yield`, when the activation ends. */
  async leave(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    // What it waits for may never come.
    if (!this.#isBusy) await this.#parts.server.runLastTurn(this.#request.method, this.#return);
  }

  /** For its turns: the outcome of one, which may leave now. */
  reply(_: number, outcome: Outcome): void {
    if (this.#state === "ended") {
      if (!this.#isOver) this.#leaveLoop();
      return;
    }
    switch (outcome.kind) {
      case "refused":
        return this.end();
      case "error":
        this.#tellEnd(outcome);
        // Its item could not leave, or not be stored.
        return this.#isOver ? undefined : this.#leaveLoop();
      case "value":
        return this.#isOver ? this.#tellEnd({ kind: "end" }) : this.#give(outcome.payload);
    }
  }

  #runNext(): void {
    const { window, server } = this.#parts;
    const hasRoom = this.#itemsOut < window.items && this.#bytesOut < window.bytes;
    if (this.#state !== "paused" || !hasRoom) return;
    this.#state = "running";
    if (server.runStreamTurn(this.#request, this, this.#next) === "closing") this.end();
  }

  /** Made once, and not for each turn. */
  readonly #next: TurnWork = async () => {
    let isOver = true;
    this.#isBusy = true;
    try {
      const { value, done } = await this.#parts.items.next();
      isOver = done === true;
      return isOver ? undefined : value;
    } finally {
      this.#isBusy = false;
      this.#isOver ||= isOver;
    }
  };

  readonly #return: TurnWork = async () => {
    await this.#parts.items.return?.();
  };

  #give(payload: Payload): void {
    // Before it leaves: a reader in this process may take it at once.
    this.#itemsOut++;
    this.#bytesOut += payload.size;
    if (this.#parts.sink.item?.(this.callId, { kind: "value", payload }) === false) {
      this.#itemsOut--;
      this.#bytesOut -= payload.size;
      this.#state = "blocked";
      this.#parts.clock.schedule(ROOM_RETRY_MS, () => {
        if (this.#state === "blocked") this.#give(payload);
        else if (!this.#isOver) this.#leaveLoop();
      });
      return;
    }
    this.#state = "paused";
    this.#runNext();
  }

  #tellEnd(item: StreamItem): void {
    if (!this.#finish()) return;
    this.#tell(item);
  }

  #tell(item: StreamItem): void {
    const { sink, clock } = this.#parts;
    if (sink.item?.(this.callId, item) === false)
      clock.schedule(ROOM_RETRY_MS, () => this.#tell(item));
  }

  /** False if it has ended already. */
  #finish(): boolean {
    if (this.#state === "ended") return false;
    this.#state = "ended";
    this.#parts.onEnd(this);
    const { method } = this.#request;
    this.#controller.abort(new TroupeError("CANCELLED", `the stream ${method}() has ended`));
    return true;
  }

  #leaveLoop(): void {
    const posted = this.#parts.server.runStreamTurn(this.#request, NOBODY, this.#return);
    if (posted === "accepted") this.#isOver = true;
  }
}

/** Takes what comes of a stream's last turn, which nobody waits for. */
const NOBODY: ReplySink = {
  peerId: OWN_PEER,
  principal: { role: "silo", name: OWN_PEER },
  reply() {},
};
