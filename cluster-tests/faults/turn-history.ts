/** What the lines of turns say: that one begins, for a call or by a timer, or that it ends. */
const TURN_WORDS: ReadonlySet<string> = new Set(["record", "pulse", "end"]);

/** What a process noted at the beginning or end of a turn. */
interface TurnNote {
  readonly pid: number;
  readonly isEnd: boolean;
  readonly actor: string;
  readonly turn: string;
  /** The token of the activation: higher than that of every earlier one of the actor. */
  readonly fence: number;
}

/**
 * Where the journal of all processes shows that two of them ran turns of one actor at once (C1), in
 * words. Its lines are in the order in which they were written, and a process writes the first line
 * of a turn before the turn does anything.
 *
 * HIST-1. No turn begins under an older token than one that has begun before.
 * HIST-2. Under one token, only one process begins turns.
 * HIST-3. No turn begins between the two ends of another process's turn. Excepted are the processes
 *         in `stalled`, which died, were stopped, or were kept busy by a turn in the middle of it:
 *         code that has begun cannot be called back, and nothing of it takes effect (C2).
 */
export function turnsAtOnce(
  journal: readonly (readonly string[])[],
  stalled: ReadonlySet<number>,
): string[] {
  const problems: string[] = [];
  const actors = new Map<string, ActorTurns>();
  for (const note of journal.flatMap((line) => parse(line))) {
    const turns = actors.get(note.actor) ?? new ActorTurns();
    actors.set(note.actor, turns);
    const problem = note.isEnd ? turns.end(note) : turns.begin(note, stalled);
    if (problem !== undefined)
      problems.push(`${note.actor}: ${note.turn} in process ${note.pid} ${problem}`);
  }
  return problems;
}

class ActorTurns {
  #latest: TurnNote | undefined;
  readonly #running = new Map<number, TurnNote>();

  begin(note: TurnNote, stalled: ReadonlySet<number>): string | undefined {
    const latest = this.#latest;
    const other = [...this.#running.values()].find(
      ({ pid }) => pid !== note.pid && !stalled.has(pid),
    );
    this.#running.set(note.pid, note);
    if (latest !== undefined && note.fence < latest.fence)
      return `began under token ${note.fence}, after one of process ${latest.pid} had begun under ${latest.fence}`;
    this.#latest = note;
    if (latest?.fence === note.fence && latest.pid !== note.pid)
      return `began under the token ${note.fence} of process ${latest.pid}`;
    if (other !== undefined) return `began while ${other.turn} ran in process ${other.pid}`;
    return undefined;
  }

  end({ pid }: TurnNote): undefined {
    this.#running.delete(pid);
  }
}

function parse([pid, what = "", actor, number, fence]: readonly string[]): TurnNote[] {
  if (!TURN_WORDS.has(what) || actor === undefined || number === undefined) return [];
  return [
    {
      pid: Number(pid),
      isEnd: what === "end",
      actor,
      turn: `${what} ${number}`,
      fence: Number(fence),
    },
  ];
}
