/**
 * The headers that flow along a call chain by themselves, from a call into the turn that serves it
 * and on to what that turn calls and sends: W3C trace context and baggage. All other headers go as
 * far as the call that they were given to.
 */
type TraceHeader = "traceparent" | "tracestate" | "baggage";

/** In characters. Version 00 has 55; W3C does not limit those to come. */
const TRACEPARENT_MAX = 512;
/** In characters; W3C asks to carry at least so many. */
const TRACESTATE_MAX = 512;
/** In bytes; W3C asks to carry at least so many. */
const BAGGAGE_MAX_BYTES = 8_192;

/** Version, trace id, parent id, flags, and what a version after 00 may have beyond them. */
const TRACEPARENT = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-[\da-f]{2}(-.*)?$/;

function isTraceparent(value: string): boolean {
  if (value.length > TRACEPARENT_MAX) return false;
  const [, version, traceId, parentId, more] = TRACEPARENT.exec(value) ?? [];
  if (version === undefined || version === "ff" || (version === "00" && more !== undefined))
    return false;
  return traceId !== "0".repeat(32) && parentId !== "0".repeat(16);
}

const IS_SOUND: Readonly<Record<TraceHeader, (value: string) => boolean>> = {
  traceparent: isTraceparent,
  tracestate: (value) => value.length <= TRACESTATE_MAX,
  baggage: (value) => Buffer.byteLength(value) <= BAGGAGE_MAX_BYTES,
};

const NAMES = Object.keys(IS_SOUND) as readonly TraceHeader[];

/** What of the headers flows on; undefined if nothing does. */
export function traceContextOf(
  headers: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> | undefined {
  if (headers === undefined) return undefined;
  let context: Record<string, string> | undefined;
  for (const name of NAMES) {
    const value = headers[name];
    if (value !== undefined && IS_SOUND[name](value)) (context ??= {})[name] = value;
  }
  return context;
}

/**
 * Takes out of the headers what is no trace context though it has its name. It is no error: a
 * program passes on what others made.
 */
export function dropBrokenTrace(headers: Record<string, string>): void {
  for (const name of NAMES) {
    const value: unknown = headers[name];
    if (typeof value === "string" && !IS_SOUND[name](value)) delete headers[name];
  }
}
