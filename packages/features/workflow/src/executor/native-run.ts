import {
  type ActorAddress,
  errorToPortable,
  formatAddress,
  type Logger,
  type MakeReference,
  toPortable,
  TroupeError,
} from "@troupe/core";
import type { Command, Settled } from "../machine/episode.ts";
import type { Delivery } from "../machine/run-machine.ts";
import { type Call, CallTable } from "./call-table.ts";
import { CodeScope } from "./code-scope.ts";
import { ContinueWith } from "./continue-with.ts";
import { drained } from "./drained.ts";
import { type EventHandler, HandlerTable } from "./handler-table.ts";
import { RunContext } from "./run-context.ts";
import { SeededRandom } from "./seeded-random.ts";
import type { StepContext, StepFunction } from "./step-options.ts";
import { WorkflowCancelled } from "./workflow-cancelled.ts";

/** Episodes of one run. A run that has so many can only end. */
const EPISODES_MAX = 50_000;

/** The code of a workflow, as the executor knows it. */
export interface Program {
  /** The names of its events. */
  readonly events: ReadonlySet<string>;
  /** The names of its requests. Undefined: it has none. */
  readonly requests?: ReadonlySet<string>;
  /** The names of its patches. Undefined: it has none. */
  readonly patches?: ReadonlySet<string>;
  run(context: RunContext, input: unknown): unknown;
}

/** An id that a run had in its first episodes. */
export interface EarlierId {
  readonly id: string;
  /** The number of the first episode in which it has another one. */
  readonly before: number;
}

export interface NativeRunParts {
  readonly address: ActorAddress;
  readonly program: Program;
  readonly makeReference: MakeReference;
  /** The ids that `ctx.id` had in episodes before some, for a run that is done again. */
  readonly earlierIds?: readonly EarlierId[];
  readonly log: Logger;
  /** True if somebody wants to know where in the code a command was given. Default: false. */
  readonly keepsPlaces?: boolean;
  /** True if every silo has the patch. Default: none has. */
  readonly hasPatch?: (name: string) => boolean;
  /** Runs an activity wherever it is hosted. Default: it cannot. */
  readonly runActivity?: (name: string, input: unknown, step: StepContext) => unknown;
  /** The code did something while it was not driven: it waits for something foreign. */
  onForeign(error: TroupeError): void;
}

/** At which place of the history the code is driven. */
export interface DriveFacts {
  readonly now: number;
  /** The number of the episode. */
  readonly episode: number;
  /** True if what the code does now was done before. */
  readonly isReplay: boolean;
  /** In a replay: the commands of the episode, which say which patches took effect in it. */
  readonly stored?: readonly Command[];
}

/**
 * The code of one run, alive in this process: an async function that waits for what it has asked
 * of its context.
 *
 * EXEC-1. The code moves only in a drive. A drive tells it one thing, and lasts until it can go on
 *         no further by itself. So the order in which it does things depends on what it is told and
 *         on nothing else (W3).
 * EXEC-2. Code that waits for something else than its context is found: at the end of the drive if
 *         it waits for nothing else, or when it goes on by itself.
 * EXEC-3. What the code throws, or leaves unhandled, stays the run's.
 */
export class NativeRun {
  readonly address: ActorAddress;
  readonly makeReference: MakeReference;
  readonly table: CallTable;
  readonly handlers = new HandlerTable();
  readonly #parts: NativeRunParts;
  readonly #scope: CodeScope;
  #random = new SeededRandom("");
  #facts: DriveFacts = { now: 0, episode: 0, isReplay: false };
  #isDriven = false;
  #hasEnded = false;
  #foreign: TroupeError | undefined;
  #context: RunContext | undefined;
  /** Those that have taken effect. */
  readonly #patches = new Set<string>();
  /** True once the code has returned or thrown, or a handler of events has thrown. */
  #isDone = false;

  constructor(parts: NativeRunParts) {
    this.#parts = parts;
    this.address = parts.address;
    this.makeReference = parts.makeReference;
    this.table = new CallTable(parts.makeReference, parts.keepsPlaces);
    this.#scope = new CodeScope(parts.address, "run", true);
  }

  get now(): number {
    return this.#facts.now;
  }

  /** What the code sees as the id of the run. */
  get id(): string {
    const { earlierIds = [], address } = this.#parts;
    return earlierIds.find(({ before }) => this.episode < before)?.id ?? address.id;
  }

  get isReplay(): boolean {
    return this.#facts.isReplay;
  }

  get random(): SeededRandom {
    return this.#random;
  }

  /**
   * True if the code does what a patch changes, from its first answer of true on. A false is not
   * recorded, and holds for the episode.
   */
  patched(name: string): boolean {
    this.check();
    const { program, hasPatch } = this.#parts;
    if (program.patches?.has(name) !== true) {
      const known = [...(program.patches ?? [])].join(", ") || "none";
      const message = `${this.address.type} declares no patch ${JSON.stringify(name)}; there are: ${known}`;
      throw new TroupeError("BAD_DEFINITION", message);
    }
    if (this.#patches.has(name)) return true;
    const { stored = [], isReplay } = this.#facts;
    const isOn = isReplay
      ? stored.some((command) => command.kind === "patch" && command.name === name)
      : hasPatch?.(name) === true;
    if (!isOn) return false;
    this.#patches.add(name);
    this.table.give({ kind: "patch", name });
    return true;
  }

  /** How many episodes the run has had before this one. */
  get episode(): number {
    return this.#facts.episode;
  }

  /** The step that an activity is. */
  activity(name: string, input: unknown): StepFunction<unknown> {
    const { runActivity } = this.#parts;
    return (step) => runActivity?.(name, input, step);
  }

  callOf(number: number): Call | undefined {
    return this.table.callOf(number);
  }

  /**
   * Tells the code one thing, and gives the commands that it has in answer. Rejects with
   * `FOREIGN_AWAIT`; then the run is of no use any more.
   */
  async drive(delivery: Delivery, facts: DriveFacts): Promise<Command[]> {
    this.#facts = facts;
    this.#isDriven = true;
    this.#deliver(delivery);
    await drained();
    this.#isDriven = false;
    if (this.#foreign !== undefined) throw this.#foreign;
    const isIdle = this.table.waiting === 0 && this.handlers.size === 0;
    if (!this.#hasEnded && isIdle) throw this.#foreignError("");
    return this.table.take();
  }

  /** Throws if the code must not use its context here and now. */
  check(): void {
    const name = formatAddress(this.address);
    if (!this.#scope.isCurrent) {
      const message = `ctx of ${name} was used inside of a step or by other code; use it in the code of its own run only`;
      throw new TroupeError("CONTEXT_MISUSE", message);
    }
    if (this.#hasEnded)
      throw new TroupeError("CONTEXT_MISUSE", `ctx of ${name} was used after the run has ended`);
    if (!this.#isDriven) throw this.#foundForeign(" and went on by itself");
  }

  /** Throws `HISTORY_FULL` if the run may only end. */
  checkRoom(): void {
    if (this.#facts.episode < EPISODES_MAX) return;
    const message = `the history of ${formatAddress(this.address)} has ${EPISODES_MAX} episodes; end the run, and start another for what is left`;
    throw new TroupeError("HISTORY_FULL", message);
  }

  /** Throws `NO_SUCH_EVENT` for an event that the definition does not declare. */
  checkEvent(name: string): void {
    const { events } = this.#parts.program;
    if (!events.has(name)) throw noSuchEvent(this.address.type, name, events);
    this.handlers.check(name, "is waited for by ctx.event");
  }

  /** From now on events or requests of this name go to the handler. */
  handle(name: string, handler: EventHandler): void {
    this.check();
    this.checkRoom();
    const { events, requests } = this.#parts.program;
    const known = new Set([...events, ...(requests ?? [])]);
    if (!known.has(name)) throw noSuchEvent(this.address.type, name, known);
    this.handlers.add(name, handler, this.table);
  }

  #deliver(delivery: Delivery): void {
    switch (delivery.kind) {
      case "begin":
        this.#random = new SeededRandom(delivery.seed);
        this.#scope.enter(() => void this.#execute(this.table.revive(delivery.input)));
        break;
      case "settle":
        this.table.settle(delivery.of, delivery.settled);
        break;
      case "handle":
        this.#scope.enter(() => void this.#handle(delivery));
        break;
      case "cancel":
        this.table.cancel(delivery.of, delivery.reason);
        break;
    }
  }

  /** What a handler of events throws fails the run. What one of requests throws is the answer. */
  async #handle({ of, data, ask }: Extract<Delivery, { kind: "handle" }>): Promise<void> {
    try {
      const value = await this.handlers.of(of)?.(this.table.revive(data));
      if (ask === undefined) return;
      this.#answer(ask, { kind: "value", value: toPortable(value, { root: "answer" }).value });
    } catch (error) {
      if (ask !== undefined)
        this.#answer(ask, { kind: "error", error: errorToPortable(error).value });
      else if (!(error instanceof WorkflowCancelled)) await this.#fail(error);
    }
  }

  #answer(ask: string, settled: Settled): void {
    if (this.#hasEnded) return;
    if (!this.#isDriven) return void this.#foundForeign(" and went on by itself");
    this.table.give({ kind: "answer", ask, settled });
  }

  /** EXEC-3 */
  async #execute(input: unknown): Promise<void> {
    this.#context = new RunContext(this, this.#parts.log);
    try {
      const value = await this.#parts.program.run(this.#context, input);
      if (this.#isDone) return;
      if (value instanceof ContinueWith) this.#end({ kind: "continue", input: value.input });
      else this.#end({ kind: "complete", value: toPortable(value, { root: "result" }).value });
    } catch (error) {
      await this.#fail(error);
    }
  }

  /** A run that fails takes back what it did, and fails with all that went wrong (W9). */
  async #fail(error: unknown): Promise<void> {
    if (this.#isDone) return;
    this.#isDone = true;
    let failure = error;
    try {
      if (this.#foreign === undefined) await this.#context?.undoAll();
    } catch (undoError) {
      failure = new AggregateError([error, undoError], "the run failed, and so did an undo");
    }
    if (failure instanceof WorkflowCancelled)
      this.#end({ kind: "cancelled", reason: failure.reason });
    else this.#end({ kind: "fail", error: errorToPortable(failure).value });
  }

  #end(command: Command): void {
    if (!this.#isDriven) return void this.#foundForeign(" and ended by itself");
    this.#warnOfUnsettled();
    this.#isDone = true;
    this.table.give(command);
    this.#hasEnded = true;
  }

  #warnOfUnsettled(): void {
    const { unsettled } = this.table;
    if (unsettled.length === 0 || this.isReplay) return;
    this.#parts.log.warn(
      { ...this.address, steps: unsettled },
      "the run has ended while steps were under way; they are withdrawn",
    );
  }

  #foundForeign(what: string): TroupeError {
    const isFirst = this.#foreign === undefined;
    const error = (this.#foreign ??= this.#foreignError(what));
    if (isFirst && !this.#isDriven) this.#parts.onForeign(error);
    return error;
  }

  #foreignError(what: string): TroupeError {
    const message = `the code of ${formatAddress(this.address)} waits for something that does not come from ctx${what}; put it into ctx.run, or use ctx.sleep`;
    return new TroupeError("FOREIGN_AWAIT", message);
  }
}

/** The error for an event that a definition does not declare, with those that it does. */
export function noSuchEvent(
  who: string,
  name: string,
  known: ReadonlySet<string>,
  kind: "event" | "request" = "event",
): TroupeError {
  const names = [...known].join(", ") || "none";
  const message = `${who} declares no ${kind} ${JSON.stringify(name)}; there are: ${names}`;
  return new TroupeError("NO_SUCH_EVENT", message);
}
