import { DURATION_FORMS, parseDuration, shownValue, TroupeError } from "@troupe/core";
import type { PublishOptions } from "@troupe/sdk";
import { schemaProblem } from "./standard-schema.ts";
import type { Topic } from "./topic.ts";
import { contentTypeOf, packData, type StoredEvent } from "./topic-event.ts";

/** What a publisher brings besides what it was told. */
export interface PublishedBy {
  readonly source: string;
  /** The id of an event of which the publisher gave none. */
  readonly newId: () => string;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  readonly traceparent: string | undefined;
}

const KNOWN = ["key", "id", "type", "subject", "contentType", "headers", "ttl", "deliverAt"];

/** How far ahead an event can be published. */
const LONGEST_DELAY_MS = 366 * 86_400_000;

const ID_MAX_BYTES = 128;
const KEY_MAX_BYTES = 256;
const TEXT_MAX_BYTES = 1_024;

const HEADER = /^[a-z0-9]{1,20}$/;
const HEADERS_MAX = 32;

/** Attributes that CloudEvents, or topics, give a meaning. */
const TAKEN: ReadonlySet<string> = new Set([
  "specversion",
  "id",
  "source",
  "type",
  "time",
  "subject",
  "datacontenttype",
  "dataschema",
  "data",
  "traceparent",
  "tracestate",
  "partitionkey",
  "extensions",
]);

/**
 * The event that is to be stored.
 *
 * Throws `BAD_INPUT` if an option is wrong or the data breaks the topic's schema, with the path;
 * `NOT_SERIALIZABLE` and `PAYLOAD_TOO_LARGE` if it cannot be copied or is too large.
 */
export function eventToStore(
  topic: Topic,
  data: unknown,
  options: PublishOptions,
  by: PublishedBy,
): StoredEvent {
  const problem =
    optionsProblem(options, by.now) ?? brokerProblem(topic, options) ?? dataProblem(topic, data);
  if (problem !== undefined) throw badInput(`publish to ${topic.name}: ${problem}`);
  const { key, id, type = topic.name, subject, contentType, headers, ttl, deliverAt } = options;
  return {
    id: id ?? by.newId(),
    source: by.source,
    type,
    at: by.now,
    contentType: contentType ?? contentTypeOf(data),
    data: packData(data, topic.maxBytes),
    ...(key === undefined ? {} : { key }),
    ...(subject === undefined ? {} : { subject }),
    ...(by.traceparent === undefined ? {} : { traceparent: by.traceparent }),
    ...(ttl === undefined ? {} : { ttlMs: parseDuration(ttl) ?? 0 }),
    ...(headers === undefined ? {} : { extensions: { ...headers } }),
    ...(topic.isRaw ? { isRaw: true } : {}),
    ...(deliverAt === undefined ? {} : { deliverAt: Number(deliverAt) }),
  };
}

/** What the topic's schema finds wrong with the data. */
export function dataProblem({ schema }: Topic, data: unknown): string | undefined {
  return schema === undefined ? undefined : schemaProblem(schema, data);
}

/** For what publishers give, and what they send. */
export function badInput(message: string): TroupeError {
  return new TroupeError("BAD_INPUT", message);
}

/** What is wrong with a text that is given by a publisher. */
export function textProblem(name: string, given: unknown, maxBytes: number): string | undefined {
  if (given === undefined) return undefined;
  const isRight = typeof given === "string" && given !== "" && given.isWellFormed();
  if (isRight && Buffer.byteLength(given) <= maxBytes) return undefined;
  return `${name} must be a text of 1 to ${maxBytes} bytes, not ${shownValue(given)}`;
}

function optionsProblem(options: unknown, now: number): string | undefined {
  if (typeof options !== "object" || options === null)
    return `the options must be an object, not ${shownValue(options)}`;
  const unknown = Object.keys(options).find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) return `there is no option ${unknown}; there are ${KNOWN.join(", ")}`;
  const { ttl, headers, deliverAt, ...texts } = options as Record<string, unknown>;
  if (ttl !== undefined && !((parseDuration(ttl) ?? 0) > 0))
    return `ttl must be a duration above 0 (${DURATION_FORMS}), not ${shownValue(ttl)}`;
  return textsProblem(texts) ?? headersProblem(headers) ?? delayProblem(deliverAt, now);
}

/** What brokers cannot do. */
function brokerProblem({ pubsub }: Topic, options: PublishOptions): string | undefined {
  const wrong = (["deliverAt", "ttl"] as const).find((name) => options[name] !== undefined);
  if (pubsub === undefined || wrong === undefined) return undefined;
  return `${wrong} is only for topics that the cluster keeps, and this one is on ${pubsub}`;
}

function delayProblem(given: unknown, now: number): string | undefined {
  if (given === undefined) return undefined;
  const at = given instanceof Date ? given.getTime() : given;
  const isTime = typeof at === "number" && Number.isFinite(at) && at >= 0;
  if (isTime && at <= now + LONGEST_DELAY_MS) return undefined;
  return `deliverAt must be a Date or milliseconds since the Unix epoch, at most a year ahead, not ${shownValue(given)}`;
}

/** What is wrong with the texts of an event; wherever it comes from. */
export function textsProblem(texts: Readonly<Record<string, unknown>>): string | undefined {
  return (
    textProblem("id", texts.id, ID_MAX_BYTES) ??
    textProblem("key", texts.key, KEY_MAX_BYTES) ??
    textProblem("type", texts.type, KEY_MAX_BYTES) ??
    textProblem("contentType", texts.contentType, KEY_MAX_BYTES) ??
    textProblem("subject", texts.subject, TEXT_MAX_BYTES)
  );
}

/** What is wrong with the attributes that a publisher gave. */
export function headersProblem(headers: unknown): string | undefined {
  if (headers === undefined) return undefined;
  if (typeof headers !== "object" || headers === null)
    return `headers must be an object of texts, not ${shownValue(headers)}`;
  const entries = Object.entries(headers as Record<string, unknown>);
  if (entries.length > HEADERS_MAX)
    return `there are ${entries.length} headers; at most ${HEADERS_MAX} are allowed`;
  for (const [name, value] of entries) {
    if (!HEADER.test(name)) return `the header ${shownValue(name)} is not of 1 to 20 a-z and 0-9`;
    if (TAKEN.has(name)) return `the header ${name} is an attribute of every event; rename it`;
    const problem = textProblem(`the header ${name}`, value, TEXT_MAX_BYTES);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
