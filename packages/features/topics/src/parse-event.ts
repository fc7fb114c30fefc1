import { badInput, headersProblem, textProblem, textsProblem } from "./publish-options.ts";
import type { StoredEvent } from "./topic-event.ts";

/** Bytes of packed data that a partition takes: those of 1 MiB, and of its packing. */
const DATA_MAX_BYTES = 1_200_000;

const SOURCE_MAX_BYTES = 4_096;

/**
 * An event as a publisher sends it, without anything else that it may have sent. Throws `BAD_INPUT`
 * if it is none: a client may send whatever it likes.
 */
export function parseEvent(value: unknown): StoredEvent {
  if (typeof value !== "object" || value === null) throw badInput("there is no event to publish");
  const given = value as Partial<Record<keyof StoredEvent, unknown>>;
  const { at, ttlMs, deliverAt, data, extensions, source, traceparent } = given;
  const areTimes = [at, ttlMs ?? 0, deliverAt ?? 0].every((time) => isTime(time));
  const problem =
    textsProblem(given) ??
    textProblem("source", source ?? "", SOURCE_MAX_BYTES) ??
    textProblem("id", given.id ?? "", SOURCE_MAX_BYTES) ??
    textProblem("type", given.type ?? "", SOURCE_MAX_BYTES) ??
    textProblem("traceparent", traceparent, SOURCE_MAX_BYTES) ??
    headersProblem(extensions) ??
    (String(source).includes(" ") ? "source must have no space" : undefined) ??
    (areTimes ? undefined : "its times are wrong") ??
    dataProblemOf(data);
  if (problem !== undefined) throw badInput(`this is no event: ${problem}`);
  const { id, type, key, subject, contentType } = given as StoredEvent;
  const isRaw = given.isRaw === true ? true : undefined;
  const fields = { isRaw, key, subject, contentType, traceparent, ttlMs, deliverAt, extensions };
  const known = Object.entries(fields).filter(([, field]) => field !== undefined);
  return { id, type, source, at, data, ...Object.fromEntries(known) } as StoredEvent;
}

function isTime(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function dataProblemOf(data: unknown): string | undefined {
  if (!(data instanceof Uint8Array)) return "its data must be packed";
  if (data.length <= DATA_MAX_BYTES) return undefined;
  return `its data has ${data.length} bytes; at most ${DATA_MAX_BYTES} are allowed`;
}
