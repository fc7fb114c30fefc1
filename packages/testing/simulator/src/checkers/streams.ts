import type { CallRecord, History, ReadRecord } from "../history.ts";
import { lastLook } from "./last-look.ts";

/**
 * V7: what a stream of a board has shown is what is stored in the end, since marks are never taken
 * back. Whoever follows a board reads its marks in order, each once, none left out; and every
 * reader learns of what comes, or that its stream has ended.
 */
export function checkStreams(history: History): void {
  const boards = new Set(history.calls.filter(isOfBoard).map(({ plan }) => plan.actorId));
  for (const read of history.reads) boards.add(read.plan.board);
  for (const board of boards) {
    const look = lastLook(history, board);
    if (look?.outcome.kind !== "value") continue;
    const marks = look.outcome.value as readonly string[];
    checkMarks(history, board, marks);
    for (const read of history.reads)
      if (read.plan.board === board) checkRead(history, read, marks);
  }
}

function isOfBoard({ plan }: CallRecord): boolean {
  return plan.type === "Board";
}

/** C3, D1: the marks that were acknowledged are there, and none of a turn that threw. */
function checkMarks(history: History, board: string, marks: readonly string[]): void {
  const known = new Set(marks);
  if (known.size < marks.length) history.violate("C4", `Board/${board} has a mark twice`);
  for (const { plan, outcome } of history.calls) {
    if (plan.actorId !== board) continue;
    if (plan.method === "mark" && outcome.kind === "value" && !known.has(plan.id))
      history.violate("C3", `Board/${board} has lost ${plan.id}, which was acknowledged`);
    if (plan.method === "smudge" && known.has(plan.id))
      history.violate("D1", `Board/${board} has ${plan.id} of a turn that threw`);
  }
}

function checkRead(history: History, read: ReadRecord, marks: readonly string[]): void {
  const { plan, items } = read;
  const what = `${plan.id}, which reads Board/${plan.board}.${plan.method}(),`;
  let before = -1;
  for (const { index, mark } of items) {
    if (marks[index] !== mark) {
      const text = `${what} was shown ${mark} as number ${index}, which is ${String(marks[index])}`;
      return history.violate("V7", text);
    }
    const isNext = plan.method === "follow" ? index === before + 1 : index >= before;
    if (!isNext) return history.violate("V7", `${what} was shown number ${index} after ${before}`);
    before = index;
  }
}

/** V7: after the last mark of each board, no reader is left without it and without an end. */
export function checkReadersKnow(history: History, open: readonly ReadRecord[]): void {
  for (const { plan, caller } of open)
    history.violate(
      "V7",
      `${plan.id}, with which ${caller} reads Board/${plan.board}, neither shows the last mark nor ends`,
    );
}
