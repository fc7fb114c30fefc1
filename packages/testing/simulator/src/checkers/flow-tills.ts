import type { FlowJournal } from "../flow-journal.ts";
import { TILLS } from "../flow-actors.ts";
import type { History } from "../history.ts";
import { sightsOf, storedTokens } from "./flow-rounds.ts";
import { lastLook } from "./last-look.ts";

/**
 * W2: no call of an actor leaves before it is stored.
 * W6: a call of an actor takes effect once, and its answer is what the actor gave. One that throws
 *     has none.
 */
export function checkFlowTills(history: History, journal: FlowJournal): void {
  const tokens = storedTokens(journal);
  for (const { call, method, startedOrder } of history.turns) {
    if (method !== "take" || !call.includes("#")) continue;
    const storedAt = tokens.get(call.slice("take ".length));
    if (storedAt === undefined || storedAt > startedOrder)
      history.violate("W2", `${call} came before the run had stored that it calls`);
  }
  const takings = tillsOf(history);
  if (takings === undefined) return;
  const places = new Map<string, number>();
  for (const taken of takings)
    for (const [index, token] of taken.entries()) {
      if (places.has(token)) history.violate("W6", `${token} took effect twice`);
      if (!tokens.has(token)) history.violate("W6", `${token} took effect, and no run has it`);
      places.set(token, index + 1);
    }
  for (const missing of missingTokens(history, journal))
    history.violate("W6", `${missing} never took effect`);
  for (const run of journal.runs.values())
    for (const { at, kind, value } of sightsOf(run)) {
      const place = places.get(`${run.id}#${at}`);
      if (kind === "answer" && value !== String(place))
        history.violate("W6", `${run.id}#${at} was answered ${place}, and the code saw ${value}`);
    }
}

/** Calls that are stored and have not taken effect by the last look. */
export function missingTokens(history: History, journal: FlowJournal): string[] {
  const taken = new Set(tillsOf(history)?.flat());
  return [...storedTokens(journal).keys()].filter((token) => !taken.has(token));
}

/** What each till has taken; undefined if one did not say. */
function tillsOf(history: History): readonly (readonly string[])[] | undefined {
  const takings = Array.from({ length: TILLS }, (_, index) => {
    const look = lastLook(history, `i${index}`);
    return look?.outcome.kind === "value" ? [look.outcome.value as readonly string[]] : [];
  }).flat();
  return takings.length < TILLS ? undefined : takings;
}
