import type { FlowJournal, StoredRun } from "../flow-journal.ts";
import type { CallRecord, History } from "../history.ts";
import { roundsOf, sightsOf, type StoredSight } from "./flow-rounds.ts";

const NAMES = ["x", "y"] as const;

/**
 * W8: an event that was acknowledged is stored once, and reaches one wait, in the order of its
 * name; those that nobody took go over to the next round.
 */
export function checkFlowEvents(history: History, journal: FlowJournal): void {
  const sent = journal.calls.filter(({ plan }) => plan.method === "send");
  for (const run of journal.runs.values()) {
    const ofRun = sent.filter(({ plan }) => plan.actorId === run.id);
    for (const name of NAMES) {
      const arrived = arrivals(history, run, name);
      checkTaken(history, { run, name, arrived });
      checkSent(
        history,
        ofRun.filter(({ plan }) => plan.args[0] === name),
        { run, arrived },
      );
    }
  }
}

/** The events of a name in the order in which the run was told of them. */
function arrivals(history: History, run: StoredRun, name: string): string[] {
  const arrived: string[] = [];
  const rounds = roundsOf(run);
  const sights = sightsOf(run);
  for (const [index, { episodes }] of rounds.entries()) {
    for (const { input } of episodes)
      if (input.kind === "event" && input.name === name) arrived.push(String(input.data));
    const next = rounds[index + 1];
    const started = next?.episodes[0]?.input;
    if (next === undefined || started?.kind !== "started") continue;
    const taken = takenOf(sights.slice(0, next.input.before.length), name);
    // The last episodes of a round are not stored if they end together with it.
    for (const data of taken) if (!arrived.includes(data)) arrived.push(data);
    const left = arrived.filter((data) => !taken.includes(data));
    const carried = (started.events ?? []).flatMap((event) =>
      event.name === name ? [String(event.data)] : [],
    );
    // Those that are in no stored episode came last.
    const more = carried.filter((data) => !arrived.includes(data));
    if (carried.join() !== [...left, ...more].join())
      history.violate(
        "W8",
        `Flow/${run.id} goes on with the events ${name} [${carried.join()}], and [${left.join()}] were left`,
      );
    arrived.push(...more);
  }
  return arrived;
}

function checkTaken(
  history: History,
  { run, name, arrived }: { run: StoredRun; name: string; arrived: readonly string[] },
): void {
  const taken = takenOf(sightsOf(run), name).join();
  const right = arrived.slice(0, taken === "" ? 0 : taken.split(",").length).join();
  if (taken !== right)
    history.violate(
      "W8",
      `Flow/${run.id} took the events ${name} [${taken}], and was told of [${arrived.join()}]`,
    );
}

function checkSent(
  history: History,
  sent: readonly CallRecord[],
  { run, arrived }: { readonly run: StoredRun; readonly arrived: readonly string[] },
): void {
  for (const data of new Set(arrived))
    if (arrived.indexOf(data) !== arrived.lastIndexOf(data))
      history.violate("W8", `Flow/${run.id} was told of the event ${data} twice`);
  const acknowledged = sent.filter(({ outcome }) => outcome.kind === "value");
  for (const { plan, endedOrder } of acknowledged)
    if (!arrived.includes(plan.id) && !run.waiting.has(plan.id) && !cameWithEnd(run, endedOrder))
      history.violate("W8", `Flow/${run.id} has lost the event ${plan.id}, which was acknowledged`);
  for (const one of acknowledged)
    for (const other of acknowledged) {
      if (one.endedOrder > other.startedOrder) continue;
      const [before, after] = [arrived.indexOf(one.plan.id), arrived.indexOf(other.plan.id)];
      if (before > after && after !== -1)
        history.violate(
          "W8",
          `Flow/${run.id} was told of ${other.plan.id} before ${one.plan.id}, which was sent first`,
        );
    }
}

/** What waits when a run is terminated goes with it, and is not stored if both are one commit. */
export function cameWithEnd({ ended, episodes }: StoredRun, acknowledgedAt: number): boolean {
  const isTerminated = episodes.at(-1)?.input.kind === "terminate";
  return isTerminated && ended !== undefined && ended.order < acknowledgedAt;
}

/** The data of the events that the code got. */
function takenOf(sights: readonly StoredSight[], name: string): string[] {
  return sights.flatMap(({ kind, value }) =>
    kind === `event ${name}` && value !== "nothing" ? [value] : [],
  );
}
