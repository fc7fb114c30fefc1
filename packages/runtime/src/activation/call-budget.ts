import type { ReplySink } from "@troupe/client";
import { formatAddress, MESSAGE_MAX_BYTES, type RequestEnvelope, TroupeError } from "@troupe/core";

/** How many bytes of calls may wait, before more of them are refused with `OVERLOADED`. */
export interface WaitingBytes {
  /** For the turns of one actor. Default 16 MiB. */
  readonly mailbox?: number;
  /** Of the calls that came over one link, or from this silo itself. Default: half of `silo`. */
  readonly link?: number;
  /** Of all calls of a silo. Default: an eighth of the heap, 512 MiB at most. */
  readonly silo?: number;
}

const MIB = 1024 * 1024;

export const MAILBOX_BYTES = 16 * MIB;

/**
 * Values take several times as much in memory as they do in a message, and calls that wait are not
 * all that a process holds.
 */
const SHARE_OF_HEAP = 8;
const SILO_BYTES_MAX = 512 * MIB;

/** The silo's own limit if only the size of the heap is known. */
export function waitingBytesFor(heapBytes: number): number {
  return Math.max(4 * MAILBOX_BYTES, Math.min(heapBytes / SHARE_OF_HEAP, SILO_BYTES_MAX));
}

/** What an envelope takes besides its arguments: its fields, its turn, its place in a queue. */
const ENVELOPE_BYTES = 512;

/** Who has too much waiting. */
export type Shortage = "mailbox" | "link" | "silo";

/**
 * The bytes of the calls that wait on one silo: in the admission queue, in the parking lot, in
 * mailboxes, and as repetitions of a call that is under way.
 *
 * BUDG-1. A call counts from when it has to wait until it goes on, ends or is dropped. One that
 *         need not wait is never counted, and costs nothing here.
 * BUDG-2. No peer has more waiting than `link`, and all of them together not more than `silo`.
 */
export class CallBudget {
  readonly mailboxBytes: number;
  readonly #linkBytes: number;
  readonly #siloBytes: number;
  #waiting = 0;
  #refused = 0;

  constructor(limits: WaitingBytes, heapBytes: number) {
    // Below the size of one message some calls would never be taken.
    this.#siloBytes = Math.max(limits.silo ?? waitingBytesFor(heapBytes), 2 * MESSAGE_MAX_BYTES);
    this.#linkBytes = Math.max(limits.link ?? this.#siloBytes / 2, 2 * MESSAGE_MAX_BYTES);
    this.mailboxBytes = Math.max(limits.mailbox ?? MAILBOX_BYTES, 2 * MESSAGE_MAX_BYTES);
  }

  /** Bytes that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Calls that were refused so far because too much waits, in bytes or in number. */
  get refused(): number {
    return this.#refused;
  }

  /** A call was refused for the number of those that wait. */
  countRefusal(): void {
    this.#refused++;
  }

  /** The call has to wait; or why it cannot, and then it is not counted. */
  take(request: RequestEnvelope, sink: ReplySink): Shortage | undefined {
    const bytes = bytesOf(request);
    const ofSink = (sink.waitingBytes ?? 0) + bytes;
    const ofSilo = this.#waiting + bytes;
    if (ofSink > this.#linkBytes) return "link";
    if (ofSilo > this.#siloBytes) return "silo";
    sink.waitingBytes = ofSink;
    this.#waiting = ofSilo;
    return undefined;
  }

  /** A call that was taken waits no more. */
  give(request: RequestEnvelope, sink: ReplySink): void {
    const bytes = bytesOf(request);
    sink.waitingBytes = (sink.waitingBytes ?? 0) - bytes;
    this.#waiting -= bytes;
  }

  /** Why a call is refused, with the remedy. */
  refusal(shortage: Shortage, request: RequestEnvelope, sink: ReplySink): TroupeError {
    const what = `${formatAddress(request)}.${request.method}()`;
    this.#refused++;
    switch (shortage) {
      case "mailbox":
        return overloaded(
          `${what}: ${mib(this.mailboxBytes)} of calls wait for ${formatAddress(request)}; call less at a time, send less in each call, or raise waitingBytes.mailbox`,
        );
      case "link":
        return overloaded(
          `${what}: ${mib(this.#linkBytes)} of calls of ${sink.peerId} wait on this silo; call less at a time, or raise waitingBytes.link`,
        );
      case "silo":
        return overloaded(
          `${what}: ${mib(this.#siloBytes)} of calls wait on this silo; call less at a time, add a silo, or raise waitingBytes.silo`,
        );
    }
  }
}

/** Bytes for which a waiting call counts. */
export function bytesOf(request: RequestEnvelope): number {
  return request.args.size + ENVELOPE_BYTES;
}

function overloaded(message: string): TroupeError {
  return new TroupeError("OVERLOADED", message);
}

function mib(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`;
}
