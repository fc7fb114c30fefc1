import { type Envelope, formatDelivery, type RequestEnvelope } from "@troupe/core";

/**
 * Brings copies of durable sends when they do their worst: just before or just behind the request
 * to refuse them, which a sender makes only while copies may be under way (SEND-4).
 */
export class LateCopies {
  /** The last request of each send that has arrived anywhere. */
  readonly #seen = new Map<string, RequestEnvelope>();

  arriving(envelope: Envelope): readonly Envelope[] {
    if (envelope.kind !== "request" || envelope.delivery === undefined) return [envelope];
    const key = formatDelivery(envelope.delivery);
    if (envelope.method !== "$refuse") {
      this.#seen.set(key, envelope);
      return [envelope];
    }
    const seen = this.#seen.get(key);
    if (seen === undefined) return [envelope];
    const { deadline, revision, callId } = envelope;
    const copy = { ...seen, deadline, revision };
    return callId % 2 === 0 ? [copy, envelope] : [envelope, copy];
  }
}
