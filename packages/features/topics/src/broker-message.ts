import { type BrokerMessage, randomId, systemRandom, TroupeError } from "@troupe/core";
import { headersProblem, textsProblem } from "./publish-options.ts";
import { eventWithoutReferences, packData, type StoredEvent } from "./topic-event.ts";

/** Bytes of the data of an event that comes from a broker. */
const DATA_MAX_BYTES = 1_048_576;

/** What a structured CloudEvent has that is no attribute of its publisher's own. */
const OWN: ReadonlySet<string> = new Set([
  "specversion",
  "id",
  "source",
  "type",
  "time",
  "subject",
  "datacontenttype",
  "data",
  "data_base64",
  "traceparent",
  "partitionkey",
]);

/**
 * The event as a broker gets it: a CloudEvent in JSON, or, if it is raw, only its data: bytes as
 * they are, a text in UTF-8, anything else in JSON. Throws `NOT_SERIALIZABLE` for data that JSON
 * cannot hold.
 */
export function brokerMessage(stored: StoredEvent, isRaw: boolean): BrokerMessage {
  const { extensions, data, ...attributes } = eventWithoutReferences(stored);
  const { partitionkey: key } = attributes;
  if (isRaw) return { key, data: rawBytes(data), headers: extensions };
  const body =
    data instanceof Uint8Array ? { data_base64: Buffer.from(data).toString("base64") } : { data };
  const text = jsonOf({ ...extensions, ...attributes, ...body });
  return { key, data: new TextEncoder().encode(text), headers: {} };
}

/** The event that a message holds, or what is wrong with it. `now` is for one that has no time. */
export function eventFromBroker(
  { key, data, headers }: BrokerMessage,
  isRaw: boolean,
  { topic, now }: { readonly topic: string; readonly now: number },
): StoredEvent | string {
  const keyed = key === undefined ? {} : { key };
  if (isRaw) {
    const isKept = headersProblem(headers) === undefined && Object.keys(headers).length > 0;
    return {
      ...keyed,
      id: randomId(systemRandom),
      source: `/brokers/${topic}`,
      type: topic,
      at: now,
      data: packData(data, DATA_MAX_BYTES),
      contentType: "application/octet-stream",
      ...(isKept ? { extensions: headers } : {}),
    };
  }
  const given = objectFrom(new TextDecoder().decode(data));
  if (given === undefined) return "it is no CloudEvent in JSON; use raw for topics of others";
  const { id, source, type, time, subject, datacontenttype: contentType, traceparent } = given;
  const problem = textsProblem({ id, type, subject, contentType });
  if (problem !== undefined) return `it is no CloudEvent: ${problem}`;
  if (typeof id !== "string" || typeof source !== "string" || typeof type !== "string")
    return "it is no CloudEvent: id, source and type must be texts";
  const value =
    typeof given.data_base64 === "string"
      ? new Uint8Array(Buffer.from(given.data_base64, "base64"))
      : given.data;
  const own = typeof given.partitionkey === "string" ? { key: given.partitionkey } : keyed;
  const at = Date.parse(String(time));
  return {
    ...own,
    id,
    source,
    type,
    at: Number.isNaN(at) ? now : at,
    data: packData(value, DATA_MAX_BYTES),
    ...(typeof subject === "string" ? { subject } : {}),
    ...(typeof contentType === "string" ? { contentType } : {}),
    ...(typeof traceparent === "string" ? { traceparent } : {}),
    extensions: extensionsOf(given),
  };
}

function extensionsOf(given: Readonly<Record<string, unknown>>): Record<string, string> {
  const texts = Object.entries(given).filter(
    (entry): entry is [string, string] => !OWN.has(entry[0]) && typeof entry[1] === "string",
  );
  return Object.fromEntries(texts);
}

function rawBytes(data: unknown): Uint8Array {
  if (data instanceof Uint8Array) return data;
  return new TextEncoder().encode(typeof data === "string" ? data : jsonOf(data));
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "null";
  } catch (error) {
    const message = "the data of an event for a broker must be such that JSON can hold it";
    throw new TroupeError("NOT_SERIALIZABLE", message, { cause: error });
  }
}

function objectFrom(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return value as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
