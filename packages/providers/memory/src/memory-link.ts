import type {
  Clock,
  Envelope,
  Hello,
  Link,
  LinkHandlers,
  Principal,
  Scheduled,
  SendResult,
} from "@troupe/core";
import { packEnvelope, unpackEnvelope } from "./envelope-copy.ts";

/** Bytes that may be under way in one direction; more are refused with `full`. */
const UNDER_WAY_MAX_BYTES = 16 * 1024 * 1024;

/** The way from one process to another. */
export interface Route {
  /** The network's time. */
  readonly clock: Clock;
  readonly latencyMs: number;
  /** False while the way is cut: what is under way then waits. */
  isOpen(): boolean;
}

export interface MemoryLinkOptions {
  readonly remote: Hello;
  readonly principal: Principal;
  /** To the other side. */
  readonly route: Route;
  /** Of the process that holds this end. */
  readonly clock: Clock;
  /** This end was told that the link is over, and nothing of it is under way any more. */
  readonly onFinished: (link: MemoryLink) => void;
}

type Parcel =
  | { readonly kind: "envelope"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: "close"; readonly at: number; readonly reason: string };

/**
 * One end of a link inside of one process.
 *
 * MLNK-1. Parcels arrive in the order they were sent, each after the route's latency, never inside
 *         of `send` or `close`.
 * MLNK-2. What arrives is unpacked from bytes, so the two sides share nothing.
 * MLNK-3. The close is the last parcel; after an end was told of it, its handlers are not called
 *         again.
 */
export class MemoryLink implements Link {
  readonly remote: Hello;
  readonly principal: Principal;
  readonly #options: MemoryLinkOptions;
  #peer: MemoryLink | undefined;
  #handlers: LinkHandlers | undefined;
  readonly #parcels: Parcel[] = [];
  #bytesUnderWay = 0;
  #timer: Scheduled | undefined;
  /** `closing`: this side has closed, and is told so in a moment. */
  #state: "open" | "closing" | "over" = "open";

  constructor(options: MemoryLinkOptions) {
    this.remote = options.remote;
    this.principal = options.principal;
    this.#options = options;
  }

  /** Makes two ends one link. */
  static join(one: MemoryLink, other: MemoryLink): void {
    one.#peer = other;
    other.#peer = one;
  }

  /** Names who is told what arrives; what came earlier waited for it. */
  start(handlers: LinkHandlers): void {
    this.#handlers = handlers;
    this.#peer?.deliver();
  }

  send(envelope: Envelope): SendResult {
    if (this.#state !== "open") return "closed";
    if (this.#bytesUnderWay >= UNDER_WAY_MAX_BYTES) return "full";
    const bytes = packEnvelope(envelope, this.#options.clock);
    this.#bytesUnderWay += bytes.byteLength;
    this.#dispatch({ kind: "envelope", at: this.#arrival(), bytes });
    return "sent";
  }

  close(reason: string): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#dispatch({ kind: "close", at: this.#arrival(), reason });
    this.#options.route.clock.schedule(0, () => this.#end(reason));
  }

  /**
   * As the sudden death of this side's process: nobody here is told, what is under way is lost, and
   * the other side sees an end.
   */
  reset(): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#forget();
    this.#dispatch({ kind: "close", at: this.#arrival(), reason: "the other process is gone" });
  }

  /** Delivers what has arrived; called when its time has come, and when a cut was healed. */
  deliver(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const { route } = this.#options;
    const peer = this.#peer;
    for (;;) {
      const parcel = this.#parcels[0];
      if (
        parcel === undefined ||
        peer === undefined ||
        peer.#handlers === undefined ||
        !route.isOpen()
      )
        break;
      const wait = parcel.at - route.clock.monotonic();
      if (wait > 0) {
        this.#timer ??= route.clock.schedule(wait, () => this.deliver());
        break;
      }
      // Taken out before anybody hears of it, since a handler may send, close, or heal a cut.
      this.#parcels.shift();
      if (parcel.kind === "envelope") this.#bytesUnderWay -= parcel.bytes.byteLength;
      peer.#take(parcel);
    }
    this.#checkFinished();
  }

  #take(parcel: Parcel): void {
    if (this.#state !== "open") return;
    if (parcel.kind === "close") {
      this.#forget();
      this.#end(parcel.reason);
    } else {
      this.#handlers?.onEnvelope(unpackEnvelope(parcel.bytes, this.#options.clock));
    }
  }

  #end(reason: string): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#handlers?.onClose(reason);
    this.#checkFinished();
  }

  #arrival(): number {
    return this.#options.route.clock.monotonic() + this.#options.route.latencyMs;
  }

  #dispatch(parcel: Parcel): void {
    this.#parcels.push(parcel);
    const { clock, latencyMs } = this.#options.route;
    this.#timer ??= clock.schedule(latencyMs, () => this.deliver());
  }

  /** Drops what is under way. */
  #forget(): void {
    this.#parcels.length = 0;
    this.#bytesUnderWay = 0;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #checkFinished(): void {
    if (this.#state === "over" && this.#parcels.length === 0) this.#options.onFinished(this);
  }
}
