import type { ActorAddress } from "./actor-address.ts";
import { formatAddress } from "./actor-address.ts";
import type { RequestEnvelope } from "./envelope.ts";

/** Marks a request as a durable send, and tells it from every other of the same sender (D7). */
export interface Delivery {
  /** The sending actor, as `formatAddress` prints it. */
  readonly sender: string;
  /** Higher than that of every earlier send of the sender. */
  readonly seq: number;
  /** True if the sender wants the answer: then the receiver keeps it for repetitions. */
  readonly asks: boolean;
}

/**
 * The name of one durable send: its sender, the number that the sender gave it, and whether the
 * sender wants the answer.
 */
export function deliveryOf(sender: ActorAddress, seq: number, asks: boolean): Delivery {
  return { sender: formatAddress(sender), seq, asks };
}

/** What the text of a delivery starts with. Silos of before know only the first. */
const SEND = "s";
const ASK = "q";

/** The delivery as a text: its form on the wire, and the key by which a receiver remembers it. */
export function formatDelivery({ sender, seq, asks }: Delivery): string {
  return `${asks ? ASK : SEND}:${seq}:${sender}`;
}

/** The delivery that `formatDelivery` printed, or undefined if the text is something else. */
export function parseDelivery(text: string): Delivery | undefined {
  if (!text.startsWith(`${SEND}:`) && !text.startsWith(`${ASK}:`)) return undefined;
  const [, kind, seq, sender] = /^([sq]):(\d{1,16}):(.+)$/s.exec(text) ?? [];
  if (seq === undefined || sender === undefined || !Number.isSafeInteger(Number(seq)))
    return undefined;
  return { sender, seq: Number(seq), asks: kind === ASK };
}

/**
 * The key by which a repetition of the request is known, or undefined if none is. A key that its
 * caller gave never looks like that of a delivery: what clients send is cleaned where it enters.
 */
export function repetitionKey({ delivery, idempotencyKey }: RequestEnvelope): string | undefined {
  return delivery === undefined ? idempotencyKey : formatDelivery(delivery);
}
