import { type Metrics, shownValue, TroupeError } from "@troupe/core";
import type { WaitingBytes } from "@troupe/runtime";
import type { CallFilters, Extension } from "@troupe/sdk";

/** What only a program can give, because it is not a text. */
export interface ProgramValues {
  readonly filters?: CallFilters;
  readonly waitingBytes?: WaitingBytes;
  readonly extensions?: readonly Extension[];
  readonly signals?: boolean;
  readonly metrics?: Metrics;
}

const DIRECTIONS: ReadonlySet<string> = new Set(["incoming", "outgoing"]);
const PLACES: ReadonlySet<string> = new Set(["mailbox", "link", "silo"]);

/** Takes them out of the options; throws `BAD_CONFIG` if one is wrong. */
export function programValues(
  { filters, waitingBytes, metrics, extensions, signals }: ProgramValues,
  where: "startSilo" | "connect",
): ProgramValues {
  for (const [direction, list] of entriesOf(filters, `filters (${where})`, DIRECTIONS)) {
    if (Array.isArray(list) && list.every((filter) => typeof filter === "function")) continue;
    throw wrong(`filters.${direction} (${where}): give an array of functions (call, next) => …`);
  }
  for (const [place, bytes] of entriesOf(waitingBytes, `waitingBytes (${where})`, PLACES)) {
    if (typeof bytes === "number" && Number.isSafeInteger(bytes) && bytes > 0) continue;
    throw wrong(`waitingBytes.${place} (${where}): give a whole number of bytes above 0`);
  }
  if (extensions !== undefined && !areExtensions(extensions))
    throw wrong(`extensions (${where}): give an array of extensions, such as [myFeature()]`);
  if (signals !== undefined && typeof signals !== "boolean")
    throw wrong(`signals (${where}) ${shownValue(signals)}: give true or false`);
  if (metrics !== undefined && typeof metrics.observe !== "function")
    throw wrong(
      `metrics (${where}): give an object with counter, histogram, observe and observeHistogram`,
    );
  return {
    ...(metrics === undefined ? {} : { metrics }),
    ...(filters === undefined ? {} : { filters }),
    ...(waitingBytes === undefined ? {} : { waitingBytes }),
    ...(extensions === undefined ? {} : { extensions }),
    ...(signals === undefined ? {} : { signals }),
  };
}

function areExtensions(given: unknown): boolean {
  return (
    Array.isArray(given) &&
    given.every((one: unknown) => typeof one === "object" && one !== null && "name" in one)
  );
}

function entriesOf(
  given: unknown,
  what: string,
  known: ReadonlySet<string>,
): readonly [string, unknown][] {
  if (given === undefined) return [];
  if (typeof given !== "object" || given === null)
    throw wrong(`${what}: give an object with ${[...known].join(", ")}`);
  const entries: [string, unknown][] = Object.entries(given);
  const unknown = entries.find(([name]) => !known.has(name));
  if (unknown !== undefined)
    throw wrong(`${what} has no ${unknown[0]}; there are ${[...known].join(", ")}`);
  return entries.filter(([, value]) => value !== undefined);
}

function wrong(message: string): TroupeError {
  return new TroupeError("BAD_CONFIG", message);
}
