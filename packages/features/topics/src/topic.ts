import {
  type Duration,
  DURATION_FORMS,
  parseDuration,
  shownValue,
  TroupeError,
} from "@troupe/core";
import { isStandardSchema, type StandardSchema } from "./standard-schema.ts";

/** How a topic keeps its events. It must be the same in all programs of a cluster. */
export interface TopicOptions<Data = unknown> {
  /** What the data of each event has to be like. Default: anything that can be copied. */
  readonly schema?: StandardSchema<Data>;
  /**
   * Events with the same key go to the same partition, which keeps their order. Each partition is
   * an actor. With another number keys go to other partitions. 1 to 256. Default: 16.
   */
  readonly partitions?: number;
  /** Bytes that the data of one event may have, at most 1 MiB. Default: 1 MiB. */
  readonly maxBytes?: number;
  readonly retention?: RetentionOptions;
  /** The component on whose broker the topic is. Default: none, and the cluster keeps it itself. */
  readonly pubsub?: string;
  /**
   * For topics of others, on a broker: messages are data alone, and no CloudEvents. A subscriber
   * gets bytes. They have no id, so an event may take effect more than once. Default: false.
   */
  readonly raw?: boolean;
}

/**
 * What a partition keeps of events that every group has done with. What a group still has to handle
 * stays in any case.
 */
export interface RetentionOptions {
  /** So long after they were published events can be read again. Default: one day. */
  readonly time?: Duration;
  /**
   * Bytes of one partition, 64 KiB to 256 MiB. Done events go when there are more; when the rest
   * alone is more, the partition takes no further event. A partition that is active has all of them
   * in memory. Default: 8 MiB.
   */
  readonly bytes?: number;
}

/** How long and how much a partition keeps, in milliseconds and bytes. */
export interface Retention {
  readonly timeMs: number;
  readonly bytes: number;
}

/** What is known of a topic; `topic()` makes it. */
export interface Topic<Data = unknown> {
  readonly name: string;
  readonly schema: StandardSchema<Data> | undefined;
  readonly partitions: number;
  readonly maxBytes: number;
  readonly retention: Retention;
  /** Undefined for a topic that the cluster keeps. */
  readonly pubsub: string | undefined;
  readonly isRaw: boolean;
  /** Only for the type checker. */
  readonly data?: Data;
}

const KIB = 1_024;
const MIB = KIB * KIB;

const NAME = /^[A-Za-z0-9._-]{1,128}$/;
const KNOWN: readonly string[] = ["schema", "partitions", "maxBytes", "retention", "pubsub", "raw"];

export const DEFAULT_RETENTION: Retention = { timeMs: 86_400_000, bytes: 8 * MIB };

/** Limits of the numbers among the options. */
const PARTITIONS = { min: 1, max: 256, fallback: 16 };
const EVENT_BYTES = { min: 1, max: MIB, fallback: MIB };
const KEPT_BYTES = { min: 64 * KIB, max: 256 * MIB, fallback: DEFAULT_RETENTION.bytes };

/**
 * Describes a topic. Publishers and subscribers share the description, which carries the type of
 * the data.
 *
 * Throws `BAD_CONFIG` with everything that is wrong. A name has 1 to 128 letters, digits, dots,
 * dashes and underscores.
 *
 * @example
 * ```ts
 * export const payments = topic<Payment>("payments", { retention: { time: "7d" } });
 * ```
 */
export function topic<Data = unknown>(name: string, options: TopicOptions<Data> = {}): Topic<Data> {
  const problems: string[] = [];
  const report = (text: string): void => void problems.push(text);
  if (typeof name !== "string" || !NAME.test(name))
    report("a name has 1 to 128 letters, digits, dots, dashes and underscores");
  const given = fieldsOf(options, "the options", KNOWN, report);
  if (given.schema !== undefined && !isStandardSchema(given.schema))
    report(`schema must be a Standard Schema, not ${shownValue(given.schema)}`);
  const { retention, partitions, maxBytes, pubsub, raw } = given;
  if (pubsub !== undefined && (typeof pubsub !== "string" || !NAME.test(pubsub)))
    report(`pubsub must be the name of a component, not ${shownValue(pubsub)}`);
  if (raw !== undefined && typeof raw !== "boolean")
    report(`raw must be true or false, not ${shownValue(raw)}`);
  if (raw === true && pubsub === undefined)
    report("raw is for topics of others on a broker; name its component as pubsub");
  const made: Topic<Data> = Object.freeze({
    name,
    schema: given.schema as StandardSchema<Data> | undefined,
    partitions: wholeNumber("partitions", partitions, PARTITIONS, report),
    maxBytes: wholeNumber("maxBytes", maxBytes, EVENT_BYTES, report),
    retention: retentionOf(retention, report),
    pubsub: pubsub as string | undefined,
    isRaw: raw === true,
  });
  if (problems.length === 0) return made;
  const text = problems.map((problem) => `\n  ${problem}`).join("");
  throw new TroupeError("BAD_CONFIG", `the topic ${shownValue(name)} cannot work:${text}`);
}

/** True for what `topic()` gave. */
export function isTopic(value: unknown): value is Topic {
  if (typeof value !== "object" || value === null) return false;
  const { name, partitions, retention } = value as Partial<Topic>;
  return typeof name === "string" && typeof partitions === "number" && retention !== undefined;
}

type Report = (text: string) => void;

/** The fields of an options object whose names are all known; reports what is wrong. */
export function fieldsOf(
  given: unknown,
  what: string,
  known: readonly string[],
  report: Report,
): Record<string, unknown> {
  if (given === undefined) return {};
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    report(`${what} must be an object, not ${shownValue(given)}`);
    return {};
  }
  for (const key of Object.keys(given))
    if (!known.includes(key)) report(`${what} have no ${key}; there are ${known.join(", ")}`);
  return given as Record<string, unknown>;
}

/** A whole number within limits, or the default; reports what is wrong. */
export function wholeNumber(
  name: string,
  given: unknown,
  limits: { readonly min: number; readonly max: number; readonly fallback: number },
  report: Report,
): number {
  const { min, max, fallback } = limits;
  if (given === undefined) return fallback;
  if (typeof given === "number" && Number.isSafeInteger(given) && given >= min && given <= max)
    return given;
  report(`${name} must be a whole number from ${min} to ${max}, not ${shownValue(given)}`);
  return fallback;
}

/** A duration above 0 in milliseconds, or the default; reports what is wrong. */
export function positiveDuration(
  name: string,
  given: unknown,
  fallback: number,
  report: Report,
): number {
  if (given === undefined) return fallback;
  const parsed = parseDuration(given);
  if (parsed !== undefined && parsed > 0) return parsed;
  report(`${name} must be a duration above 0 (${DURATION_FORMS}), not ${shownValue(given)}`);
  return fallback;
}

function retentionOf(given: unknown, report: Report): Retention {
  const { time, bytes } = fieldsOf(given, "the options of retention", ["time", "bytes"], report);
  return {
    timeMs: positiveDuration("retention.time", time, DEFAULT_RETENTION.timeMs, report),
    bytes: wholeNumber("retention.bytes", bytes, KEPT_BYTES, report),
  };
}
