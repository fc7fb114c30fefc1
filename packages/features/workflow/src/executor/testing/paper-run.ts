import { silentLogger, toPortable, type TroupeError } from "@troupe/core";
import type { Episode, Input } from "../../machine/episode.ts";
import { firstMismatch } from "../../machine/mismatch.ts";
import { type Numbered, RunMachine } from "../../machine/run-machine.ts";
import { NativeRun } from "../native-run.ts";
import type { WorkflowContext } from "../workflow-context.ts";

/** The code of a run under test. Its events are `x` and `y`. */
export type Code = (ctx: WorkflowContext<never>, input: unknown) => unknown;

/** Events that tests use, whatever they carry. */
export const EVENTS: ReadonlySet<string> = new Set(["x", "y"]);

/** A run whose history is on paper: no actor, no store, and steps that end when a test says so. */
export class PaperRun {
  readonly history: Episode[] = [];
  readonly machine = new RunMachine();
  readonly foreign: TroupeError[] = [];
  readonly native: NativeRun;
  /** The commands of the run so far, with their numbers. */
  readonly given: Numbered[] = [];

  constructor(code: Code) {
    this.native = new NativeRun({
      address: { type: "Order", id: "o-1" },
      program: {
        events: EVENTS,
        run: async (context, input) =>
          await code(context as unknown as WorkflowContext<never>, input),
      },
      makeReference: (address) => address,
      log: silentLogger,
      onForeign: (error) => this.foreign.push(error),
    });
  }

  static async start(code: Code, input?: unknown): Promise<PaperRun> {
    const run = new PaperRun(code);
    await run.apply({ kind: "started", input, seed: "seed" }, 1_000);
    return run;
  }

  /** Applies an input, and gives what the code gave in answer; undefined if it was stale. */
  async apply(input: Input, at = this.machine.now + 1): Promise<Episode | undefined> {
    return await this.#apply(input, at, false);
  }

  /** What was said of a step or an answer. */
  async settle(of: number, value: unknown): Promise<void> {
    const portable = toPortable(value, { root: "result" }).value;
    await this.apply({ kind: "outcome", of, settled: { kind: "value", value: portable } });
  }

  /** Does again what a history says, and fails where the code does something else. */
  async replay(history: readonly Episode[]): Promise<void> {
    for (const { input, at, commands } of history) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other.
      const again = await this.#apply(input, at, true);
      const mismatch = firstMismatch(commands, again?.commands ?? []);
      if (mismatch !== undefined) throw new Error(JSON.stringify(mismatch));
    }
  }

  async #apply(input: Input, at: number, isReplay: boolean): Promise<Episode | undefined> {
    if (!this.machine.apply(input, at)) return undefined;
    const facts = { now: this.machine.now, episode: this.history.length, isReplay };
    const commands = [];
    for (let next = this.machine.next(); next !== undefined; next = this.machine.next()) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other.
      const given = await this.native.drive(next, facts);
      this.given.push(...this.machine.accept(given));
      commands.push(...given);
    }
    const episode = { at: this.machine.now, input, commands };
    this.history.push(episode);
    return episode;
  }
}
