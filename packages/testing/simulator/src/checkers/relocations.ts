import { CHESTS, RELOCATION_TYPE, type Relocated, SOURCE, TARGET } from "../chest-actor.ts";
import type { CallRecord, History } from "../history.ts";
import { lastLook } from "./last-look.ts";

/**
 * IMP-1, IMP-2: what was acknowledged is in its chest once, whatever is imported there. An import
 * brings what the export had, all or none of it, and before anything else. One that was
 * acknowledged has brought it; and if all were refused, nothing is there of them.
 */
export function checkRelocations(history: History): void {
  for (let index = 0; index < CHESTS; index++) {
    const source = itemsOf(history, `${SOURCE}${index}`);
    if (source !== undefined) checkPuts(history, `${SOURCE}${index}`, source);
    const target = itemsOf(history, `${TARGET}${index}`);
    if (target !== undefined) checkTarget(history, `${TARGET}${index}`, target);
  }
}

function checkTarget(history: History, id: string, items: readonly string[]): void {
  const own = putsInto(history, id);
  const firstOwn = items.findIndex((item) => own.has(item));
  const brought = firstOwn < 0 ? items : items.slice(0, firstOwn);
  checkPuts(history, id, items.slice(brought.length));
  const origin = originOf(history, brought[0]);
  const whole = origin === undefined ? [] : (itemsOf(history, origin) ?? brought);
  if (whole.slice(0, brought.length).join() !== brought.join())
    history.violate("import", `Chest/${id} has ${brought.join()}, which no export had`);
  const moves = history.calls.filter(({ plan }) => isMove(plan) && plan.args[0] === id);
  for (const { plan, outcome } of moves) {
    if (outcome.kind !== "value") continue;
    const { summary, items: exported } = outcome.value as Relocated;
    if (summary !== undefined && exported.join() !== brought.join())
      history.violate(
        "import",
        `${plan.id} brought ${exported.join()} to Chest/${id}, which has ${brought.join()}`,
      );
  }
  if (brought.length > 0 && moves.every(wasRefused))
    history.violate("import", `every import into Chest/${id} was refused, and it has one`);
}

function checkPuts(history: History, id: string, items: readonly string[]): void {
  const puts = putsInto(history, id);
  for (const [item, { outcome }] of puts) {
    const times = items.filter((other) => other === item).length;
    if (times === 0 && outcome.kind === "value")
      history.violate("import", `${item} was put into Chest/${id}, and is not there`);
    if (times > 1) history.violate("import", `${item} is ${times} times in Chest/${id}`);
  }
  const strange = items.find((item) => !puts.has(item));
  if (strange !== undefined)
    history.violate("import", `${strange} came into Chest/${id} behind what was put there`);
}

/** What an operator was told: the chest has stored something else. */
function wasRefused({ outcome }: CallRecord): boolean {
  if (outcome.kind === "value") return (outcome.value as Relocated).summary === undefined;
  return outcome.kind === "error" && outcome.code === "BAD_CONFIG";
}

function isMove({ type }: CallRecord["plan"]): boolean {
  return type === RELOCATION_TYPE;
}

function putsInto(history: History, id: string): Map<string, CallRecord> {
  const puts = history.calls.filter(
    ({ plan }) => plan.type === "Chest" && plan.actorId === id && plan.method === "put",
  );
  return new Map(puts.map((call) => [call.plan.id, call]));
}

/** The chest into which the item was put first. */
function originOf(history: History, item: string | undefined): string | undefined {
  return history.calls.find(({ plan }) => plan.id === item)?.plan.actorId;
}

function itemsOf(history: History, id: string): readonly string[] | undefined {
  const look = lastLook(history, id);
  return look?.outcome.kind === "value" ? (look.outcome.value as readonly string[]) : undefined;
}
