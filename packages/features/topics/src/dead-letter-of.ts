import type { ActorAddress } from "@troupe/core";
import { sourceOf, type StoredEvent } from "./topic-event.ts";

/** Why, and from where, an event goes to the topic of the dead. */
export interface Death {
  readonly reader: ActorAddress;
  /** Tells the reader's group from an earlier one of its name. */
  readonly generation: string;
  readonly seq: number;
  readonly reason: string;
}

/** Attributes that an event may keep, so that those of its death have room. */
const KEPT_MAX = 27;

/** Bytes that an attribute may have. */
const TEXT_MAX_BYTES = 1_024;

/**
 * The event as it goes to the topic of the dead: with its key and data, and with the reader as its
 * source, so that each group that gives it up has one there.
 */
export function deadLetterOf(event: StoredEvent, death: Death): StoredEvent {
  const { reader, generation, seq, reason } = death;
  const [topic = "", , group = ""] = reader.id.split("/");
  const { ttlMs: _, deliverAt: __, isFromProgram: ___, ...kept } = event;
  return {
    ...kept,
    source: sourceOf(reader),
    id: `${generation}.${seq}`,
    extensions: {
      ...Object.fromEntries(Object.entries(event.extensions ?? {}).slice(0, KEPT_MAX)),
      deadtopic: topic,
      deadgroup: group,
      deadreason: shortened(reason === "" ? "no reason" : reason),
      deadsource: shortened(event.source),
      deadid: event.id,
    },
  };
}

function shortened(text: string): string {
  let short = text;
  while (Buffer.byteLength(short) > TEXT_MAX_BYTES) short = short.slice(0, short.length - 16);
  return short.toWellFormed();
}
