import {
  DURATION_FORMS,
  type Duration,
  formatAddress,
  parseDuration,
  shownValue,
  TroupeError,
} from "@troupe/core";
import type { ChildType } from "../executor/workflow-context.ts";

/**
 * What becomes of a run that is due while the one before has not ended: it does not begin, it waits
 * for the other's end, the other is cancelled, or both run.
 */
export type Overlap = "skip" | "queue" | "cancel" | "allow";

/** When runs of a workflow begin, and with what. */
export interface ScheduleSpec<Input = unknown> {
  /** The workflow, or its name. */
  readonly workflow: ChildType<Input, unknown> | string;
  readonly input?: Input;
  /** Cron expression of five fields, or six with seconds first. */
  readonly cron: string;
  /** IANA time zone of `cron`. Default: UTC. */
  readonly timezone?: string;
  /** Default: `skip`. */
  readonly overlap?: Overlap;
  /**
   * A run whose time passed while nobody could begin it begins late, if it is not later than this.
   * Default: 1 minute.
   */
  readonly catchUp?: Duration;
}

/** The same, checked. It is stored as it is. */
export interface SchedulePlan {
  readonly workflow: string;
  readonly input: unknown;
  readonly cron: string;
  readonly timezone: string;
  readonly overlap: Overlap;
  readonly catchUpMs: number;
}

const OVERLAPS: readonly Overlap[] = ["skip", "queue", "cancel", "allow"];

const CATCH_UP_MS = 60_000;

/** Throws `BAD_SCHEDULE` with what is wrong. The cron expression is left to the reminder. */
export function schedulePlan(id: string, given: unknown): SchedulePlan {
  const name = formatAddress({ type: "Schedule", id });
  const wrong = (option: string, value: unknown, right: string): TroupeError =>
    new TroupeError("BAD_SCHEDULE", `${name}: ${option} is ${shownValue(value)}; give ${right}`);
  if (typeof given !== "object" || given === null) throw wrong("what was given", given, "options");
  const {
    workflow,
    input,
    cron,
    timezone = "UTC",
    overlap = "skip",
    catchUp,
  } = given as Partial<ScheduleSpec & { readonly workflow: string }>;
  if (typeof workflow !== "string" || workflow === "")
    throw wrong("workflow", workflow, "a workflow, or its name");
  if (typeof cron !== "string") throw wrong("cron", cron, 'an expression such as "0 3 * * *"');
  if (!OVERLAPS.includes(overlap)) throw wrong("overlap", overlap, OVERLAPS.join(", "));
  const catchUpMs = catchUp === undefined ? CATCH_UP_MS : parseDuration(catchUp);
  if (catchUpMs === undefined) throw wrong("catchUp", catchUp, DURATION_FORMS);
  return { workflow, input, cron, timezone, overlap, catchUpMs };
}
