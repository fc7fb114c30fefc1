import {
  DURATION_FORMS,
  parseDuration,
  shownValue,
  STREAM_WINDOW,
  STREAM_WINDOW_MAX,
  type StreamWindow,
  TroupeError,
} from "@troupe/core";
import type { CallOptions } from "@troupe/sdk";

/** What the options of a reference say of its streams. */
export interface StreamSettings {
  readonly window: StreamWindow;
  readonly idleTimeoutMs: number | undefined;
}

/** Undefined if they say nothing. Throws `BAD_CONFIG` if they say something wrong. */
export function streamSettings(name: string, options: CallOptions): StreamSettings | undefined {
  const { idleTimeout, window, resume } = options;
  if (idleTimeout === undefined && window === undefined && resume === undefined) return undefined;
  if (resume !== undefined && typeof resume !== "function")
    throw bad(name, `resume is ${shownValue(resume)}; give a function of the last item`);
  const idleTimeoutMs = idleTimeout === undefined ? undefined : parseDuration(idleTimeout);
  if (idleTimeout !== undefined && idleTimeoutMs === undefined)
    throw bad(name, `idleTimeout is ${shownValue(idleTimeout)}; give ${DURATION_FORMS}`);
  const { items = STREAM_WINDOW.items, bytes = STREAM_WINDOW.bytes } = window ?? {};
  check(name, "window.items", items, STREAM_WINDOW_MAX.items);
  check(name, "window.bytes", bytes, STREAM_WINDOW_MAX.bytes);
  return { window: { items, bytes }, idleTimeoutMs };
}

function check(name: string, what: string, value: unknown, max: number): void {
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= max) return;
  throw bad(name, `${what} is ${shownValue(value)}; give 1 to ${max}`);
}

function bad(name: string, problem: string): TroupeError {
  return new TroupeError("BAD_CONFIG", `the options of ${name}: ${problem}`);
}
