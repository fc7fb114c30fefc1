import { formatAddress } from "@troupe/core";
import type { PartHost, SiloHost } from "@troupe/sdk";
import type { Settled } from "../machine/episode.ts";
import { isUnderWay } from "../machine/pending.ts";
import type { Numbered, RunMachine } from "../machine/run-machine.ts";
import type { Call } from "../executor/call-table.ts";
import { ANSWER_TURN, OUTCOME_TURN, PAUSED_TURN } from "./flow-turns.ts";
import { leaveChildren, startRun } from "./family.ts";
import type { LiveRun } from "./live-run.ts";
import { StepRunner } from "./step-runner.ts";

/** What comes back with an outcome, so that it finds its way. */
export interface CommandToken {
  /** What comes for an earlier run of the same id is nobody's. */
  readonly runId: string;
  readonly number: number;
}

/** The run, as what is done for it sees it. */
export interface EffectsOwner {
  readonly machine: RunMachine;
  /** Undefined while the code cannot be driven. */
  readonly live: LiveRun | undefined;
  readonly runId: string;
}

/**
 * Does what the commands of one run ask for.
 *
 * EFF-1. A call of an actor is a durable send of the turn that gave the command.
 * EFF-2. A step starts when the turn is stored that gave the command, or that said that it goes on
 *        (W2).
 * EFF-3. A silo that does not own the run any more starts no step. The next owner finds it.
 */
export class RunEffects {
  readonly #owner: EffectsOwner;
  readonly #host: PartHost;
  readonly #silo: SiloHost;
  readonly #steps: StepRunner;
  /** What became of steps, on its way into a turn. */
  readonly #outcomes = new Map<number, Settled>();
  /** Numbers of steps that may start when their turn is stored. */
  #startable: number[] = [];
  /** How many of them have left the list, since the beginning. */
  #left = 0;
  #fence = 0;

  constructor(owner: EffectsOwner, host: PartHost, silo: SiloHost) {
    this.#owner = owner;
    this.#host = host;
    this.#silo = silo;
    const stores = async (turn: string, args: readonly unknown[]): Promise<boolean> =>
      (await host.runTurn(turn, args)).kind === "value";
    this.#steps = new StepRunner({
      address: host.address,
      clock: host.clock,
      random: silo.random,
      get isDisposed() {
        return host.isDisposed;
      },
      busy: () => host.busy(),
      settled: (number, settled) => {
        this.#outcomes.set(number, settled);
        return stores(OUTCOME_TURN, [owner.runId, number]);
      },
      paused: (number, pause) => stores(PAUSED_TURN, [owner.runId, number, pause]),
    });
  }

  /** What became of a step that ran here. It is known until `forgetOutcome`. */
  outcomeOf(number: number): Settled | undefined {
    return this.#outcomes.get(number);
  }

  forgetOutcome(number: number): void {
    this.#outcomes.delete(number);
  }

  /** Does what the running turn can do for these commands. `fence` is that of the turn. */
  begin(commands: readonly Numbered[], fence: number): void {
    const { live, runId } = this.#owner;
    this.#fence = fence;
    for (const { number, command } of commands) {
      const call = live?.native.callOf(number);
      if (command.kind === "run") this.startLater(number);
      else if (call !== undefined && call.kind !== "run") this.#call(call, { runId, number });
    }
    leaveChildren(this.#host, this.#owner);
    live?.native.table.forgetMade();
    this.#steps.abortOthers(this.#owner.machine.pending);
  }

  /** Does what a run that is done again has pending. */
  again(fence: number): void {
    const { live, machine, runId } = this.#owner;
    this.#fence = fence;
    for (const [number, pending] of machine.pending) {
      const call = live?.native.callOf(number);
      if (isUnderWay(pending)) this.startLater(number);
      else if (call !== undefined && call.kind !== "run") this.#call(call, { runId, number });
    }
    live?.native.table.forgetMade();
  }

  /** EFF-1 */
  #call(call: Exclude<Call, { kind: "run" }>, token: CommandToken): void {
    switch (call.kind) {
      case "send":
        this.#host.send(call.to, call);
        break;
      case "ask":
        this.#host.send(call.to, call, { turn: ANSWER_TURN, token });
        break;
      case "child":
      case "start":
        startRun(this.#host, call, call.kind === "child" ? token : undefined);
        break;
    }
  }

  /** The step goes on when the running turn is stored. */
  startLater(number: number): void {
    this.#startable.push(number);
  }

  /** What was asked for until now is staged; starts it when that is stored. */
  staged(): () => void {
    const upTo = this.#left + this.#startable.length;
    return () => {
      const count = Math.max(0, upTo - this.#left);
      this.#left += count;
      for (const number of this.#startable.splice(0, count)) this.#start(number);
    };
  }

  /** Nothing more is done for the run here. */
  abandon(reason: string): void {
    this.#left += this.#startable.length;
    this.#startable = [];
    this.#outcomes.clear();
    this.#steps.abortAll(new Error(reason));
  }

  /** EFF-2, EFF-3 */
  #start(number: number): void {
    const { machine, live, runId } = this.#owner;
    const { address } = this.#host;
    const step = machine.pending.get(number);
    const call = live?.native.callOf(number);
    if (step === undefined || !isUnderWay(step) || call?.kind !== "run") return;
    if (!this.#silo.owns(address)) return;
    const key = `${formatAddress(address)}/${runId}/${number}`;
    this.#steps.start({ number, call, attempt: step.attempt, key, fence: this.#fence });
  }
}
