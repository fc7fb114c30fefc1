import { HEADERS_MAX, HEADERS_MAX_BYTES, TroupeError } from "@troupe/core";
import type { CallOptions } from "@troupe/sdk";
import type { TurnScope } from "./turn-scope.ts";

/** The headers of a call: those of the turn that makes it, and those that its options add. */
export function mergedHeaders(
  turn: TurnScope | undefined,
  options: CallOptions | undefined,
): Readonly<Record<string, string>> | undefined {
  if (options?.headers === undefined) return turn?.headers;
  if (turn?.headers === undefined) return options.headers;
  const headers = { ...turn.headers, ...options.headers };
  checkHeaders(headers);
  return headers;
}

/** Throws `BAD_CONFIG` for headers that cannot travel. */
export function checkHeaders(headers: Readonly<Record<string, string>>): void {
  let bytes = 0;
  const names = Object.keys(headers);
  for (const name of names) {
    const value: unknown = headers[name];
    if (typeof value !== "string")
      throw new TroupeError(
        "BAD_CONFIG",
        `header ${name} is a ${typeof value}; headers are strings`,
      );
    if (!name.isWellFormed() || !value.isWellFormed())
      throw new TroupeError("BAD_CONFIG", `header ${name} has an unpaired surrogate`);
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
  }
  if (names.length > HEADERS_MAX || bytes > HEADERS_MAX_BYTES) {
    const message = `${names.length} headers of ${bytes} bytes; at most ${HEADERS_MAX} of ${HEADERS_MAX_BYTES} bytes together are allowed`;
    throw new TroupeError("BAD_CONFIG", message);
  }
}
