import type { ReplySink } from "@troupe/client";
import {
  type Clock,
  type CreditEnvelope,
  formatAddress,
  type Outcome,
  type RequestEnvelope,
  STREAMS_PER_ACTOR_MAX,
  STREAMS_PER_LINK_MAX,
  TroupeError,
} from "@troupe/core";
import type { Activation } from "../activation/activation.ts";
import type { ActivationStreams } from "../activation/activation-streams.ts";
import type { Turn } from "../activation/turn.ts";
import { ServedStream } from "./served-stream.ts";

/**
 * The streams that are open on this silo, by their readers and by the activations that serve them.
 *
 * OPEN-1. An actor has at most `STREAMS_PER_ACTOR_MAX` open, and a link `STREAMS_PER_LINK_MAX`.
 * OPEN-2. A stream ends with the link of its reader, and with its activation.
 */
export class OpenStreams implements ActivationStreams {
  readonly #clock: Clock;
  readonly #byReader = new Map<ReplySink, Map<number, ServedStream>>();
  readonly #byActor = new Map<string, Set<ServedStream>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  refusal(request: RequestEnvelope, sink: ReplySink): TroupeError | undefined {
    const key = formatAddress(request);
    if ((this.#byActor.get(key)?.size ?? 0) >= STREAMS_PER_ACTOR_MAX) {
      const message = `${key} has ${STREAMS_PER_ACTOR_MAX} open streams; spread them over several actors`;
      return new TroupeError("OVERLOADED", message);
    }
    if ((this.#byReader.get(sink)?.size ?? 0) < STREAMS_PER_LINK_MAX) return undefined;
    const message = `${sink.peerId} has ${STREAMS_PER_LINK_MAX} streams open on this silo; close some, or read from several processes`;
    return new TroupeError("OVERLOADED", message);
  }

  open(activation: Activation, turn: Turn, given: unknown): unknown {
    if (given instanceof Promise)
      return given.then((value: unknown) => this.#open(activation, turn, value));
    this.#open(activation, turn, given);
    return undefined;
  }

  #open(activation: Activation, turn: Turn, given: unknown): void {
    const { request, sink } = turn;
    const items = iteratorOf(given);
    if (items === undefined) {
      const message = `${formatAddress(request)}.${request.method}() is a stream, and gave none; return an AsyncIterable`;
      throw new TroupeError("BAD_DEFINITION", message, { ran: "yes" });
    }
    // Many may have been let in while none of them was open yet.
    const problem = this.refusal(request, sink);
    if (problem !== undefined) throw problem;
    const stream = new ServedStream({
      clock: this.#clock,
      server: activation,
      request,
      window: request.stream ?? { items: 1, bytes: 1 },
      sink,
      items,
      onEnd: (ended) => this.#remove(ended, formatAddress(request)),
    });
    const ofReader = this.#byReader.get(sink) ?? new Map<number, ServedStream>();
    this.#byReader.set(sink, ofReader.set(request.callId, stream));
    const key = formatAddress(request);
    const ofActor = this.#byActor.get(key) ?? new Set<ServedStream>();
    this.#byActor.set(key, ofActor.add(stream));
  }

  opened({ request, sink }: Turn, outcome: Outcome): void {
    const stream = this.#find(sink, request.callId);
    if (outcome.kind === "value") stream?.begin();
    else stream?.cancel();
  }

  credit(credit: CreditEnvelope, sink: ReplySink): void {
    this.#find(sink, credit.callId)?.credit(credit);
  }

  /** True if the call has opened a stream, which has ended now. */
  cancel(callId: number, sink: ReplySink): boolean {
    const stream = this.#find(sink, callId);
    stream?.cancel();
    return stream !== undefined;
  }

  /** The link of a reader has ended. */
  callerGone(sink: ReplySink): void {
    for (const stream of this.#byReader.get(sink)?.values() ?? []) stream.cancel();
  }

  serves({ address }: Activation): boolean {
    return this.#byActor.has(formatAddress(address));
  }

  end({ address }: Activation): () => Promise<void> {
    const streams = [...(this.#byActor.get(formatAddress(address)) ?? [])];
    for (const stream of streams) stream.end();
    return async () => void (await Promise.all(streams.map((stream) => stream.leave())));
  }

  #find(sink: ReplySink, callId: number): ServedStream | undefined {
    return this.#byReader.get(sink)?.get(callId);
  }

  #remove(stream: ServedStream, key: string): void {
    const ofReader = this.#byReader.get(stream.reader);
    ofReader?.delete(stream.callId);
    if (ofReader?.size === 0) this.#byReader.delete(stream.reader);
    const ofActor = this.#byActor.get(key);
    ofActor?.delete(stream);
    if (ofActor?.size === 0) this.#byActor.delete(key);
  }
}

function iteratorOf(given: unknown): AsyncIterator<unknown> | undefined {
  if (typeof given !== "object" || given === null || !(Symbol.asyncIterator in given))
    return undefined;
  return (given as AsyncIterable<unknown>)[Symbol.asyncIterator]();
}
