import {
  copyOfPortable,
  fromPortable,
  type MakeReference,
  type ActorAddress,
  TroupeError,
} from "@troupe/core";
import type { Command, Settled } from "../machine/episode.ts";
import { codePlace } from "./code-place.ts";
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
      /** `child` and `start` call a run that is to be there. */
      readonly kind: "ask" | "send" | "child" | "start";
      readonly to: ActorAddress;
      readonly method: string;
      /** A copy. */
      readonly args: readonly unknown[];
    };

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** Steps, asks and waits of one run that are under way, and calls of actors in one episode. */
const UNDER_WAY_MAX = 500;

/**
 * The commands of one run as its code gives them: their numbers, the promises that the code has of
 * them, and what is to be done for them.
 */
export class CallTable {
  readonly #makeReference: MakeReference;
  /** Where in the code each command was given, if anybody wants to know. */
  readonly #places: Map<number, string> | undefined;
  readonly #waiting = new Map<number, Waiting>();
  readonly #numbers = new WeakMap<Promise<unknown>, number>();
  readonly #calls = new Map<number, Call>();
  /** The names of events that are waited for, by the number of the command. */
  readonly #eventNames = new Map<number, string>();
  /** Calls of actors that are not made yet. */
  #unmade: number[] = [];
  /** Others that are to be made again. */
  #remade: number[] = [];
  #commands: Command[] = [];
  #next = 0;

  constructor(makeReference: MakeReference, keepsPlaces = false) {
    this.#makeReference = makeReference;
    this.#places = keepsPlaces ? new Map() : undefined;
  }

  /** How many promises of the code are not settled. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** The number that the next command gets. */
  get next(): number {
    return this.#next;
  }

  /** Where in the code the command was given, if places are kept and it is known. */
  placeOf(number: number): string | undefined {
    return this.#places?.get(number);
  }

  /** The place of a call that is made later, through a reference. */
  currentPlace(): string | undefined {
    return this.#places && codePlace();
  }

  /** The command that was just given has this place. */
  setPlace(place: string | undefined): void {
    if (place !== undefined) this.#places?.set(this.#next - 1, place);
  }

  /** Names of the steps that are not settled. */
  get unsettled(): readonly string[] {
    return [...this.#calls.values()].flatMap((call) => (call.kind === "run" ? [call.name] : []));
  }

  /** True if the code waits for an event of this name. */
  isAwaited(eventName: string): boolean {
    return this.#eventNames.values().some((name) => name === eventName);
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

  /**
   * The calls of actors until now are made, also those that were withdrawn at once. Those of these
   * commands are to be made again, and are kept until the next time.
   */
  forgetMade(again?: ReadonlyMap<number, unknown>): void {
    const all = [...this.#remade, ...this.#unmade];
    this.#remade = all.filter((number) => again?.has(number) === true);
    this.#unmade = [];
    for (const number of all) if (again?.has(number) !== true) this.#calls.delete(number);
  }

  /** A command that nothing comes back for. Gives its number. */
  give(command: Command, call?: Call): number {
    if (call !== undefined && this.#unmade.length >= UNDER_WAY_MAX) throw tooMany();
    const number = this.#add(command);
    this.#remember(number, call);
    return number;
  }

  /** A command whose outcome the code may wait for. */
  ask(command: Command, call?: Call): Promise<unknown> {
    if (this.#waiting.size >= UNDER_WAY_MAX || this.#unmade.length >= UNDER_WAY_MAX)
      return Promise.reject(tooMany());
    const number = this.#add(command);
    this.#remember(number, call);
    if (command.kind === "event") this.#eventNames.set(number, command.name);
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
    if (number === undefined || this.#forget(number) === undefined) return;
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
    this.#eventNames.delete(number);
    if (this.#calls.get(number)?.kind === "run") this.#calls.delete(number);
    return waiting;
  }

  #remember(number: number, call: Call | undefined): void {
    if (call === undefined) return;
    this.#calls.set(number, call);
    if (call.kind !== "run") this.#unmade.push(number);
  }

  #add(command: Command): number {
    this.#commands.push(command);
    const place = this.currentPlace();
    if (place !== undefined) this.#places?.set(this.#next, place);
    return this.#next++;
  }
}

function tooMany(): TroupeError {
  return new TroupeError(
    "OVERLOADED",
    `the workflow has ${UNDER_WAY_MAX} steps, calls and waits under way; use ctx.map with a concurrency, or await some first`,
  );
}
