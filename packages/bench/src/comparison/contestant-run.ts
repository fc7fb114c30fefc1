import { messageOf, systemClock } from "@troupe/core";
import { median } from "../measuring/median.ts";
import { BenchChild } from "../programs/child-process.ts";
import type { ContestantArgument, ContestantMessage } from "../programs/contestant-program.ts";
import type { Figures } from "./work.ts";

/** A contestant that takes longer is ended, and reported as one that does not work. */
const ANSWER_MAX_MS = 120_000;
const STOP_MAX_MS = 15_000;

type State =
  | { readonly kind: "running"; readonly child: BenchChild }
  | { readonly kind: "failed"; readonly reason: string; readonly child: BenchChild };

/** What a contestant has shown. */
export type Outcome =
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "measured"; readonly figures: Figures };

/**
 * One contestant at one kind of work, in a process of its own. A failure is an outcome, and nothing
 * here rejects.
 */
export class ContestantRun {
  readonly name: string;
  readonly #rounds: Figures[] = [];
  #state: State;

  /** Resolves when the contestant is ready, or has failed. */
  static async start(argument: ContestantArgument): Promise<ContestantRun> {
    const child = new BenchChild({
      program: "contestant-program.js",
      argument: { ...argument },
      profile: undefined,
    });
    const run = new ContestantRun(argument.contestant, child);
    await run.#take(child, child.next());
    return run;
  }

  private constructor(name: string, child: BenchChild) {
    this.name = name;
    this.#state = { kind: "running", child };
  }

  /** One more round, if nothing has failed so far. */
  async round(): Promise<void> {
    if (this.#state.kind === "failed") return;
    const { child } = this.#state;
    await this.#take(child, child.ask("round"));
  }

  /** The last round's rate, for whoever waits. */
  get progress(): string {
    if (this.#state.kind === "failed") return `${this.name} failed`;
    const rate = this.#rounds.at(-1)?.rate ?? Number.NaN;
    return `${this.name} ${rate.toLocaleString("en", { maximumSignificantDigits: 3 })}/s`;
  }

  /** The medians of the rounds, without the first, which was for warming up. */
  get outcome(): Outcome {
    if (this.#state.kind === "failed") return { kind: "failed", reason: this.#state.reason };
    const rounds = this.#rounds.slice(1);
    const middle = (figure: keyof Figures): number | null => {
      const values = rounds.flatMap((round) => round[figure] ?? []);
      return values.length === 0 ? null : median(values);
    };
    return {
      kind: "measured",
      figures: { rate: middle("rate"), cpu: middle("cpu"), p50: middle("p50"), p99: middle("p99") },
    };
  }

  async stop(): Promise<void> {
    const { child } = this.#state;
    const limit = systemClock.schedule(STOP_MAX_MS, () => child.signal("SIGKILL"));
    await child.stop();
    limit.cancel();
  }

  async #take(child: BenchChild, answer: Promise<unknown>): Promise<void> {
    // What it has started ends with it, because the servers are guarded and the programs notice
    // that their starter is gone.
    const limit = systemClock.schedule(ANSWER_MAX_MS, () => child.signal("SIGKILL"));
    try {
      const message = (await answer) as ContestantMessage;
      if (message.kind === "measured") this.#rounds.push(message.figures);
      if (message.kind === "failed")
        this.#state = { kind: "failed", reason: message.reason, child };
    } catch (error) {
      this.#state = { kind: "failed", reason: messageOf(error), child };
    }
    limit.cancel();
  }
}
