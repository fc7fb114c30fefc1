import type { Command, Episode, Input } from "../episode.ts";
import type { Delivery, Numbered, RunMachine } from "../run-machine.ts";

const NAMES = ["a", "b", "c"] as const;

/** A generator that gives the same numbers for the same text. */
function chance(text: string): (below: number) => number {
  let state = 2_166_136_261;
  for (const letter of text)
    state = Math.imul(state ^ (letter.codePointAt(0) ?? 0), 16_777_619) >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/**
 * The code of a run that is made of chance: what it gives in answer depends on all that it was told
 * so far, and on nothing else. No real program can do more to a machine.
 */
export class RandomProgram {
  /** What it was told, in order. */
  readonly told: Delivery[] = [];
  readonly #seed: number;
  readonly #waits = new Set<number>();
  #numbers = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  drive(delivery: Delivery, now: number): Command[] {
    this.told.push(delivery);
    if (delivery.kind === "settle") this.#waits.delete(delivery.of);
    if (delivery.kind === "cancel") this.#waits.clear();
    const below = chance(`${this.#seed} ${JSON.stringify(this.told)} ${now}`);
    const commands: Command[] = [];
    for (let count = below(4); count > 0; count--) this.#give(commands, below, now);
    if (this.told.length > 12 + below(20)) commands.push({ kind: "complete", value: this.#seed });
    return commands;
  }

  #give(commands: Command[], below: (limit: number) => number, now: number): void {
    const name = NAMES[below(NAMES.length)] ?? "a";
    const [first] = this.#waits;
    const kinds: Command[] = [
      { kind: "run", name },
      { kind: "ask", name },
      { kind: "timer", dueAt: now + below(50) },
      { kind: "event", name },
      { kind: "event", name, dueAt: now + below(50) },
      { kind: "send", name },
      { kind: "status", value: name },
      ...(first === undefined ? [] : [{ kind: "withdraw", of: first } as const]),
    ];
    const command = kinds[below(kinds.length)] ?? { kind: "run", name };
    const number = this.#numbers++;
    if (["run", "ask", "timer", "event"].includes(command.kind)) this.#waits.add(number);
    if (command.kind === "withdraw") this.#waits.delete(command.of);
    commands.push(command);
  }
}

/** Applies an input to a machine whose code is the program; undefined if the input is stale. */
export function step(
  machine: RunMachine,
  program: RandomProgram,
  { input, at }: { readonly input: Input; readonly at: number },
): { readonly episode: Episode; readonly accepted: readonly Numbered[] } | undefined {
  if (!machine.apply(input, at)) return undefined;
  const commands: Command[] = [];
  const accepted: Numbered[] = [];
  for (let next = machine.next(); next !== undefined; next = machine.next()) {
    const given = program.drive(next, machine.now);
    accepted.push(...machine.accept(given));
    commands.push(...given);
  }
  return { episode: { at: machine.now, input, commands }, accepted };
}
