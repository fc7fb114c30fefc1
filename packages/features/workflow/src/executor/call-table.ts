import {
  copyOfPortable,
  fromPortable,
  type MakeReference,
  type ActorAddress,
  TroupeError,
} from "@troupe/core";
import type { Command, Settled } from "../machine/episode.ts";
import type { RetryPolicy } from "./retry-policy.ts";
import type { StepFunction } from "./step-options.ts";
import { WorkflowCancelled } from "./workflow-cancelled.ts";

/** What a command is to be done with, beyond what is stored of it. */
export type Call =
  | {
      readonly kind: "run";
      readonly name: string;
      readonly work: StepFunction<unknown>;
      readonly retry: RetryPolicy;
      readonly timeoutMs: number | undefined;
    }
  | {
      readonly kind: "ask" | "send";
      readonly to: ActorAddress;
      readonly method: string;
      /** A copy. */
      readonly args: readonly unknown[];
    };

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** Steps, asks and waits of one run that are under way, and sends of one drive. */
const UNDER_WAY_MAX = 500;

/**
 * The commands of one run as its code gives them: their numbers, the promises that the code has of
 * them, and what is to be done for them.
 */
export class CallTable {
  readonly #makeReference: MakeReference;
  readonly #waiting = new Map<number, Waiting>();
  readonly #numbers = new WeakMap<Promise<unknown>, number>();
  readonly #calls = new Map<number, Call>();
  #commands: Command[] = [];
  #next = 0;

  constructor(makeReference: MakeReference) {
    this.#makeReference = makeReference;
  }

  /** How many promises of the code are not settled. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Names of the steps and calls that are not settled. */
  get unsettled(): readonly string[] {
    return [...this.#waiting.keys()].flatMap((number) => {
      const call = this.#calls.get(number);
      if (call === undefined) return [];
      return [call.kind === "run" ? call.name : `${call.to.type}/${call.to.id}.${call.method}`];
    });
  }

  /** What a command is to be done with, as long as it is not settled. */
  callOf(number: number): Call | undefined {
    return this.#calls.get(number);
  }

  /** The commands since the last time. */
  take(): Command[] {
    const commands = this.#commands;
    this.#commands = [];
    return commands;
  }

  /** What was sent until now is done. */
  forgetSends(): void {
    for (const [number, { kind }] of this.#calls) if (kind === "send") this.#calls.delete(number);
  }

  /** A command that nothing comes back for. */
  give(command: Command, call?: Call): void {
    if (command.kind === "send" && this.#commands.length >= UNDER_WAY_MAX) throw tooMany();
    const number = this.#add(command);
    if (call !== undefined) this.#calls.set(number, call);
  }

  /** A command whose outcome the code may wait for. */
  ask(command: Command, call?: Call): Promise<unknown> {
    if (this.#waiting.size >= UNDER_WAY_MAX) return Promise.reject(tooMany());
    const number = this.#add(command);
    if (call !== undefined) this.#calls.set(number, call);
    const promise = new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
    });
    // What nobody awaits may fail: that is the code's choice.
    promise.catch(() => undefined);
    this.#numbers.set(promise, number);
    return promise;
  }

  /** What the promise belongs to is not wanted any more, if it is one of these and not settled. */
  withdraw(promise: Promise<unknown>): void {
    const number = this.#numbers.get(promise);
    if (number === undefined || !this.#waiting.delete(number)) return;
    this.#calls.delete(number);
    this.#add({ kind: "withdraw", of: number });
  }

  /** Values go through the codec on their way to the code, so that it sees what a replay gives. */
  settle(number: number, settled: Settled): void {
    const waiting = this.#forget(number);
    if (settled.kind === "value") waiting?.resolve(this.revive(settled.value));
    else waiting?.reject(this.revive(settled.error));
  }

  cancel(numbers: readonly number[], reason: string): void {
    for (const number of numbers) this.#forget(number)?.reject(new WorkflowCancelled(reason));
  }

  /** The live form of a stored value, which stays as it is. */
  revive(portable: unknown): unknown {
    return fromPortable(copyOfPortable(portable), this.#makeReference);
  }

  #forget(number: number): Waiting | undefined {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    this.#calls.delete(number);
    return waiting;
  }

  #add(command: Command): number {
    this.#commands.push(command);
    return this.#next++;
  }
}

function tooMany(): TroupeError {
  return new TroupeError(
    "OVERLOADED",
    `the workflow has ${UNDER_WAY_MAX} steps, calls and waits under way; use ctx.map with a concurrency, or await some first`,
  );
}
