import { HEADERS_MAX, HEADERS_MAX_BYTES, TroupeError } from "@troupe/core";

/**
 * The headers of a call: its own, and the trace context of the turn that makes it. Its own go
 * first, and have been checked; of the others so much comes along as there is room for.
 */
export function mergedHeaders(
  inherited: Readonly<Record<string, string>> | undefined,
  own: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> | undefined {
  if (inherited === undefined || own === undefined) return own ?? inherited;
  const { tracestate, baggage, ...parent } = inherited;
  // A state belongs to the trace that it came with.
  const trace =
    tracestate === undefined || own.traceparent !== undefined ? parent : { ...parent, tracestate };
  const withBaggage = baggage === undefined ? trace : { ...trace, baggage };
  for (const some of [withBaggage, trace]) {
    const headers = { ...some, ...own };
    if (sizeProblem(headers) === undefined) return headers;
  }
  return own;
}

/** Throws `BAD_CONFIG` for headers that cannot travel. */
export function checkHeaders(headers: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(headers)) {
    const value: unknown = headers[name];
    if (typeof value !== "string")
      throw new TroupeError(
        "BAD_CONFIG",
        `header ${name} is a ${typeof value}; headers are strings`,
      );
    if (!name.isWellFormed() || !value.isWellFormed())
      throw new TroupeError("BAD_CONFIG", `header ${name} has an unpaired surrogate`);
  }
  const problem = sizeProblem(headers);
  if (problem !== undefined) throw new TroupeError("BAD_CONFIG", problem);
}

function sizeProblem(headers: Readonly<Record<string, string>>): string | undefined {
  const entries = Object.entries(headers);
  let bytes = 0;
  for (const [name, value] of entries) bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  if (entries.length <= HEADERS_MAX && bytes <= HEADERS_MAX_BYTES) return undefined;
  return `${entries.length} headers of ${bytes} bytes; at most ${HEADERS_MAX} of ${HEADERS_MAX_BYTES} bytes together are allowed`;
}
