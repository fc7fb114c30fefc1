import {
  DURATION_FORMS,
  type Duration,
  parseDuration,
  shownValue,
  toPortable,
  TroupeError,
} from "@troupe/core";
import { noSuchEvent } from "../executor/native-run.ts";
import type { LeftEvent } from "../machine/episode.ts";
import type { WorkflowProgram } from "./workflow-program.ts";

/**
 * What a start does if there is a run of the id already.
 *
 * - `attach` leaves it alone, if it has the same input. With another input the start is refused.
 * - `fail` is always refused.
 * - `restart` begins anew if the run has ended. Else it is as `attach`.
 * - `replace` terminates the run if it has not ended, and begins anew, both or neither.
 */
export type IfExists = "attach" | "fail" | "restart" | "replace";

/** How a run is started. */
export interface StartOptions {
  /** Default: `attach`. */
  readonly ifExists?: IfExists;
  /** What is said of the run, for those who look at it: 10 at most, of 256 characters each. */
  readonly tags?: Readonly<Record<string, string>>;
  /** After so long the run is cancelled. Default: it may take for ever. */
  readonly timeout?: Duration;
  /** The code begins after so long, or at this time. Default: at once. */
  readonly at?: Duration | Date;
  /** An event that is there from the beginning. */
  readonly send?: { readonly event: string; readonly data?: unknown };
}

/** The same, checked, with times in milliseconds since the Unix epoch. */
export interface StartPlan {
  readonly ifExists: IfExists;
  readonly tags: Readonly<Record<string, string>> | undefined;
  readonly notBefore: number | undefined;
  readonly deadline: number | undefined;
  readonly events: readonly LeftEvent[];
}

const IF_EXISTS: readonly IfExists[] = ["attach", "fail", "restart", "replace"];

const TAGS_MAX = 10;
const TAG_MAX_CHARS = 256;

/** Nothing waits for longer: the end of the year 9999. */
const LATEST_MS = Date.UTC(10_000, 0) - 1;

/** Throws `BAD_INPUT`, `BAD_SCHEDULE` or `NO_SUCH_EVENT` with what is wrong. */
export function startPlan(
  name: string,
  given: unknown,
  { now, program }: { readonly now: number; readonly program: WorkflowProgram },
): StartPlan {
  if (given !== undefined && (typeof given !== "object" || given === null))
    throw badInput(name, "options", given, "an object, or leave it out");
  const { ifExists = "attach", tags, timeout, at, send } = (given ?? {}) as StartOptions;
  if (!IF_EXISTS.includes(ifExists))
    throw badInput(name, "ifExists", ifExists, IF_EXISTS.join(", "));
  const notBefore = at === undefined ? undefined : timeOf(`${name}: at`, at, now);
  const from = Math.max(now, notBefore ?? now);
  const deadline = timeout === undefined ? undefined : timeOf(`${name}: timeout`, timeout, from);
  const events = send === undefined ? [] : [firstEvent(name, send, program)];
  return { ifExists, tags: tags && checkedTags(name, tags), notBefore, deadline, events };
}

function firstEvent(
  name: string,
  send: NonNullable<StartOptions["send"]>,
  { events }: WorkflowProgram,
): LeftEvent {
  if (!events.has(send.event)) throw noSuchEvent(name, send.event, events);
  return { name: send.event, data: toPortable(send.data, { root: "send.data" }).value };
}

function checkedTags(name: string, tags: unknown): Readonly<Record<string, string>> {
  const right = `at most ${TAGS_MAX} texts of ${TAG_MAX_CHARS} characters by name`;
  if (typeof tags !== "object" || tags === null) throw badInput(name, "tags", tags, right);
  const all = Object.entries(tags);
  const isRight = all.every(
    ([key, value]) =>
      typeof value === "string" && value.length <= TAG_MAX_CHARS && key.length <= TAG_MAX_CHARS,
  );
  if (!isRight || all.length > TAGS_MAX) throw badInput(name, "tags", tags, right);
  return tags as Readonly<Record<string, string>>;
}

function timeOf(what: string, until: unknown, now: number): number {
  const ms = until instanceof Date ? until.getTime() - now : parseDuration(until);
  const dueAt = now + Math.max(0, ms ?? Number.NaN);
  if (dueAt <= LATEST_MS) return dueAt;
  const message = `${what} is ${shownValue(until)}; give a Date, or ${DURATION_FORMS}, up to the year 9999`;
  throw new TroupeError("BAD_SCHEDULE", message);
}

function badInput(name: string, option: string, given: unknown, right: string): TroupeError {
  const message = `${name}: ${option} is ${shownValue(given)}; give ${right}`;
  return new TroupeError("BAD_INPUT", message);
}
