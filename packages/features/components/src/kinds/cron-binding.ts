import {
  type Binding,
  type BindingSource,
  componentType,
  messageOf,
  type SourceSchedule,
  TroupeError,
} from "@troupe/core";
import { Cron } from "croner";
import { readValue } from "../reading/read-value.ts";

const EVERY = "@every ";

/** As for reminders. */
const EVERY_MIN_MS = 100;

/** A schedule that the cluster keeps: this is only what it says. */
export class CronBinding implements Binding {
  readonly operations = [];
  readonly source: BindingSource;

  constructor(schedule: SourceSchedule) {
    this.source = { kind: "schedule", schedule };
  }

  async invoke(): Promise<never> {
    throw new TroupeError("NOT_SUPPORTED", "a schedule takes no operation");
  }

  async close(): Promise<void> {}
}

/** Reads a schedule as Dapr has it. Throws `BAD_CONFIG`. */
export function readSchedule(text: string, timezone: string): SourceSchedule {
  if (text.startsWith(EVERY)) {
    const read = readValue(text.slice(EVERY.length).trim(), { kind: "duration", doc: "" });
    if (read.kind === "value" && Number(read.value) >= EVERY_MIN_MS)
      return { everyMs: Number(read.value) };
    throw wrong(text, "give a period of 100 ms or more, such as @every 1h30m");
  }
  let next: Date | null;
  try {
    next = new Cron(text, { timezone }).nextRun();
  } catch (error) {
    throw wrong(text, messageOf(error));
  }
  if (next === null) throw wrong(text, "it is never due");
  return { cron: text, timezone };
}

function wrong(text: string, why: string): TroupeError {
  return new TroupeError("BAD_CONFIG", `schedule ${JSON.stringify(text)}: ${why}`);
}

/** `bindings.cron`. */
export const cronBindingType = componentType({
  type: "bindings.cron",
  block: "bindings",
  summary: "Events at planned moments.",
  notes:
    "Input only, for `@trigger`. An event comes once for the cluster, and once for each due time: those that passed while no silo ran come when one does. Its `id`, and `dueAt` in its metadata, is the moment for which it was planned; it has no data. The schedule is kept by a reminder, so a changed one holds when the first silo with it has started. An event whose handler keeps throwing is among the dead letters of `troupe.trigger.Type/component/method`.",
  metadata: {
    schedule: {
      kind: "text",
      required: true,
      doc: "Cron expression of five fields, or six with seconds first; `@every 1h30m`; `@daily` and the like.",
    },
    timezone: { kind: "text", default: "UTC", doc: "IANA time zone of the expression." },
  },
  ignored: { url: "a handler names the component itself" },
  open: async ({ schedule, timezone }) => new CronBinding(readSchedule(schedule, timezone)),
});
