import {
  createValuePacker,
  formatAddress,
  fromPortable,
  type MakeReference,
  PortableRef,
  toPortable,
} from "@troupe/core";

/**
 * An event as a subscriber gets it: a CloudEvent 1.0. Together `source` and `id` tell it from every
 * other.
 */
export interface TopicEvent<Data = unknown> {
  readonly specversion: "1.0";
  readonly id: string;
  /** Who published it: `/Order/o-1` for an actor. */
  readonly source: string;
  /** What has happened, in a word. Unless the publisher says otherwise, the topic's name. */
  readonly type: string;
  /** When it was published, as in `2026-11-30T08:00:00.000Z`. */
  readonly time: string;
  readonly subject: string | undefined;
  readonly datacontenttype: string;
  /** The trace in which it was published, as W3C Trace Context prints it. */
  readonly traceparent: string | undefined;
  /** Events with the same key are handled in the order in which they were published. */
  readonly partitionkey: string | undefined;
  /** The publisher's own attributes; its `headers`. */
  readonly extensions: Readonly<Record<string, string>>;
  readonly data: Data;
}

/**
 * An event as partitions keep it, and as it travels. Its data stays packed until a subscriber looks
 * at it.
 */
export interface StoredEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** When it was published, in milliseconds since the Unix epoch. */
  readonly at: number;
  readonly key?: string;
  readonly subject?: string;
  readonly contentType?: string;
  readonly traceparent?: string;
  /** Milliseconds after `availableAt` from which on nobody gets it any more. */
  readonly ttlMs?: number;
  /** Until then nobody gets it, in milliseconds since the Unix epoch. */
  readonly deliverAt?: number;
  readonly extensions?: Readonly<Record<string, string>>;
  /** True if a program has published it, whose `source` is its own word. */
  readonly isFromProgram?: true;
  /** True if a broker is to get the data alone. */
  readonly isRaw?: true;
  readonly data: Uint8Array;
}

const packer = createValuePacker();

const JSON_TYPE = "application/json";
const BYTES_TYPE = "application/octet-stream";

/**
 * The data of an event in the form in which it is kept. Throws `NOT_SERIALIZABLE` with the path of
 * what cannot be copied, and `PAYLOAD_TOO_LARGE`.
 */
export function packData(data: unknown, maxBytes: number): Uint8Array {
  return packer.pack(toPortable(data, { root: "data", maxBytes }).value);
}

/** The content type of data of which the publisher said none. */
export function contentTypeOf(data: unknown): string {
  return data instanceof Uint8Array ? BYTES_TYPE : JSON_TYPE;
}

/** The event as its subscribers see it. Each call gives a new copy of the data. */
export function eventOf(stored: StoredEvent, makeReference: MakeReference): TopicEvent {
  const { id, source, type, at, key, subject, contentType = JSON_TYPE, traceparent } = stored;
  const value = packer.unpack(stored.data);
  return {
    specversion: "1.0",
    id,
    source,
    type,
    time: new Date(at).toISOString(),
    subject,
    datacontenttype: contentType,
    traceparent,
    partitionkey: key,
    extensions: stored.extensions ?? {},
    data: fromPortable({ value, revive: true, size: stored.data.length }, makeReference),
  };
}

/** The same where references to actors are of no use but to be copied. */
export function eventWithoutReferences(stored: StoredEvent): TopicEvent {
  return eventOf(stored, ({ type, id }) => new PortableRef(type, id));
}

/** The source of what an actor publishes. */
export function sourceOf(address: Parameters<typeof formatAddress>[0]): string {
  return `/${encodeURI(formatAddress(address))}`;
}

/** Bytes that a partition counts for the event. */
export function sizeOf(event: StoredEvent): number {
  let text = event.id.length + event.source.length + event.type.length;
  text += (event.key?.length ?? 0) + (event.subject?.length ?? 0) + OVERHEAD;
  for (const [name, value] of Object.entries(event.extensions ?? {}))
    text += name.length + value.length;
  return text + event.data.length;
}

/** Names and numbers of a record, roughly. */
const OVERHEAD = 64;

/** When the event can be handed out, in milliseconds since the Unix epoch. */
export function availableAt({ at, deliverAt }: StoredEvent): number {
  return Math.max(at, deliverAt ?? 0);
}

/** True from the time on at which nobody is to get the event any more. */
export function isExpired(event: StoredEvent, now: number): boolean {
  return event.ttlMs !== undefined && now >= availableAt(event) + event.ttlMs;
}
