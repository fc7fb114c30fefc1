import {
  type Answered,
  type Command,
  type Episode,
  type Input,
  type LeftEvent,
  OWN_TIMES,
  type Settled,
} from "./episode.ts";
import type { Delivery, Numbered, Phase } from "./delivery.ts";
import { EventBuffer } from "./event-buffer.ts";
import { dueAtOf, type LeftChild, type Pending, type PendingStep } from "./pending.ts";
import { RequestBook } from "./request-book.ts";

export type { Delivery, Numbered, Phase } from "./delivery.ts";

const NOTHING: Settled = { kind: "value", value: undefined };

/**
 * The rules of one run: what an input means to it, and what the commands of its code lead to. It
 * does nothing by itself and knows nothing but what it is given, so the same inputs and commands
 * always lead to the same state.
 *
 * An input is applied, then the code is driven by one delivery after the other until there is none:
 * `apply`, and while `next` gives a delivery, `accept` of what the code gave in answer.
 *
 * FLOW-1. A command is settled once at most. What comes for one that is settled, withdrawn or
 *         unknown is stale, and changes nothing (W1).
 * FLOW-2. Events of one name reach waiters of that name in order, the oldest waiter first. An event
 *         is assigned when it is delivered and not before, so a withdrawn waiter takes none (W8).
 * FLOW-3. A timer does not fire before its time, and fires once (W7). Time never goes back (W13).
 * FLOW-4. Events of a name that has a handler go to the handler, in order, whatever it does with
 *         those before.
 * FLOW-5. A child that is not awaited any more, and has not ended as far as is known, is left: it
 *         is told so once.
 * FLOW-6. After the end nothing is pending, and every input is stale.
 */
export class RunMachine {
  #phase: Phase = "new";
  #now = 0;
  #numbers = 0;
  #isCancelled = false;
  #status: unknown;
  #outcome: Settled | undefined;
  #reason = "";
  #continuation: unknown;
  /** By the number of the command, in order. */
  readonly #pending = new Map<number, Pending>();
  readonly #events = new EventBuffer();
  readonly #requests = new RequestBook();
  /** The numbers of the commands that made them, by the name of the event. */
  readonly #handlers = new Map<string, number>();
  #deliveries: Delivery[] = [];
  #leftChildren: LeftChild[] = [];
  /** What the code begins with, until its time comes. */
  #beginning: { readonly begin: Delivery; readonly dueAt: number } | undefined;
  #deadline: number | undefined;

  get phase(): Phase {
    return this.#phase;
  }

  get hasEnded(): boolean {
    return this.#phase !== "new" && this.#phase !== "running";
  }

  /** When the last input was applied, in milliseconds since the Unix epoch. */
  get now(): number {
    return this.#now;
  }

  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** What the code last gave as its status. */
  get status(): unknown {
    return this.#status;
  }

  /** What a run that has completed or failed came to. */
  get outcome(): Settled | undefined {
    return this.#outcome;
  }

  /** Why the run was cancelled or terminated. */
  get reason(): string {
    return this.#reason;
  }

  /** The input with which a run that is continued begins anew. */
  get continuation(): unknown {
    return this.#continuation;
  }

  get pending(): ReadonlyMap<number, Pending> {
    return this.#pending;
  }

  /** Events that nobody has taken, and requests without an answer. */
  get bufferedEvents(): number {
    return this.#events.events + this.#requests.size;
  }

  /**
   * The events that nobody has taken: those of one name in order. Requests that a handler has begun
   * with come first.
   */
  leftEvents(): readonly LeftEvent[] {
    const waiting = new Set(this.#events.entries());
    return [...this.#requests.openOnes().filter((open) => !waiting.has(open)), ...waiting];
  }

  /** The requests of the run. */
  get requests(): Pick<RequestBook, "answerTo" | "has" | "takeFresh"> {
    return this.#requests;
  }

  /** What was answered so far, as far as it is kept. */
  answered(): readonly Answered[] {
    return this.#requests.answered();
  }

  /** When time alone goes on with the run; undefined if it never does. */
  get nextDue(): number | undefined {
    let earliest = Number.POSITIVE_INFINITY;
    for (const pending of this.#pending.values())
      earliest = Math.min(earliest, dueAtOf(pending) ?? earliest);
    earliest = Math.min(earliest, this.#beginning?.dueAt ?? earliest, this.deadline ?? earliest);
    return earliest === Number.POSITIVE_INFINITY ? undefined : earliest;
  }

  /** When the run is cancelled, unless it was, or has ended. */
  get deadline(): number | undefined {
    return this.#isCancelled || this.hasEnded ? undefined : this.#deadline;
  }

  /** The command whose time came first, among those whose time has come. */
  firstDue(now: number): number | undefined {
    const earliest = this.nextDue;
    if (earliest === undefined || earliest > now) return undefined;
    for (const [number, pending] of this.#pending) {
      if (dueAtOf(pending) === earliest) return number;
    }
    return this.#beginning?.dueAt === earliest ? OWN_TIMES.begin : OWN_TIMES.deadline;
  }

  /** False if the input is stale: then nothing has changed, and there is nothing to record. */
  apply(input: Input, at: number): boolean {
    if (!this.#apply(input, at)) return false;
    this.#now = Math.max(this.#now, at);
    return true;
  }

  #apply(input: Input, at: number): boolean {
    if (input.kind === "started") return this.#start(input, at);
    if (input.kind === "terminate") return this.#terminate(input.reason);
    if (this.#phase !== "running") return false;
    switch (input.kind) {
      case "outcome":
        return this.#settle(input.of, input.settled);
      case "attempt":
      case "lost":
        return this.#tryAgain(input);
      case "timer":
        return this.#fire(input.of, at);
      case "event":
        return this.#takeEvent(input);
      case "cancel":
        return this.#cancel(input.reason);
    }
  }

  /** What the code has to be driven by now, if anything. */
  next(): Delivery | undefined {
    const delivery = this.#deliveries.shift();
    if (delivery !== undefined || this.#events.size === 0) return delivery;
    for (const [of, pending] of this.#pending) {
      const event = pending.kind === "event" ? this.#events.take(pending.name) : undefined;
      if (event === undefined) continue;
      this.#pending.delete(of);
      return { kind: "settle", of, settled: { kind: "value", value: event.data } };
    }
    return this.#nextHandled();
  }

  /** FLOW-4 */
  #nextHandled(): Delivery | undefined {
    for (const [name, of] of this.#handlers) {
      const event = this.#events.take(name);
      if (event !== undefined) return { kind: "handle", of, data: event.data, ask: event.ask };
    }
    return undefined;
  }

  /** Takes what the code gave in answer to a delivery, and numbers it. */
  accept(commands: readonly Command[]): readonly Numbered[] {
    return commands.map((command) => {
      const number = this.#numbers++;
      this.#accept(number, command);
      return { number, command };
    });
  }

  /** Applies an episode of the history, without the code. */
  restore({ at, input, commands }: Episode): void {
    this.apply(input, at);
    this.#deliveries = [];
    this.accept(commands);
    while (this.next() !== undefined);
    this.takeLeftChildren();
  }

  /** FLOW-5. The children that were left since the last time. */
  takeLeftChildren(): readonly LeftChild[] {
    const left = this.#leftChildren;
    this.#leftChildren = [];
    return left;
  }

  #accept(number: number, command: Command): void {
    switch (command.kind) {
      case "run":
        this.#pending.set(number, { kind: "run", name: command.name, attempt: 1, losses: 0 });
        break;
      case "ask":
      case "child":
      case "timer":
      case "event":
        this.#pending.set(number, command);
        break;
      case "on":
        this.#handlers.set(command.name, number);
        break;
      case "answer":
        this.#requests.answer(command.ask, command.settled);
        break;
      case "withdraw":
        this.#drop(command.of);
        break;
      case "status":
        this.#status = command.value;
        break;
      case "send":
      case "start":
      case "patch":
        break;
      case "complete":
        this.#outcome = { kind: "value", value: command.value };
        this.#end("completed");
        break;
      case "fail":
        this.#outcome = { kind: "error", error: command.error };
        this.#end("failed");
        break;
      case "continue":
        this.#continuation = command.input;
        this.#phase = "continued";
        this.#dropAll();
        break;
      case "cancelled":
        this.#reason = command.reason;
        this.#end("cancelled");
        break;
    }
  }

  #start(started: Extract<Input, { kind: "started" }>, at: number): boolean {
    const { input, seed, events, answered, notBefore, deadline } = started;
    if (this.#phase !== "new") return false;
    this.#deadline = deadline;
    this.#phase = "running";
    this.#requests.load(answered ?? []);
    for (const event of events ?? []) this.#takeEvent(event);
    const begin: Delivery = { kind: "begin", input, seed };
    if (notBefore === undefined || notBefore <= at) this.#deliveries.push(begin);
    else this.#beginning = { begin, dueAt: notBefore };
    return true;
  }

  #takeEvent({ name, data, ask }: LeftEvent): boolean {
    const event: LeftEvent = ask === undefined ? { name, data } : { name, data, ask };
    if (ask !== undefined && !this.#requests.open(ask, event)) return false;
    this.#events.add(event);
    return true;
  }

  #settle(of: number, settled: Settled): boolean {
    const { kind } = this.#pending.get(of) ?? {};
    if (kind !== "run" && kind !== "ask" && kind !== "child") return false;
    this.#deliver(of, settled);
    return true;
  }

  #tryAgain(input: Extract<Input, { kind: "attempt" | "lost" }>): boolean {
    const step = this.#pending.get(input.of);
    if (step?.kind !== "run" || step.retryAt !== undefined) return false;
    const { attempt, losses } = step;
    const next: PendingStep =
      input.kind === "lost"
        ? { ...step, attempt: attempt + 1, losses: losses + 1 }
        : { ...step, attempt: input.attempt, retryAt: input.retryAt, lastError: input.error };
    this.#pending.set(input.of, next);
    return true;
  }

  /** FLOW-3 */
  #fire(of: number, at: number): boolean {
    if (of === OWN_TIMES.begin) return this.#begin(at);
    if (of === OWN_TIMES.deadline)
      return at >= (this.deadline ?? Number.POSITIVE_INFINITY) && this.#cancel("its time is over");
    const pending = this.#pending.get(of);
    const dueAt = pending === undefined ? undefined : dueAtOf(pending);
    if (pending === undefined || dueAt === undefined || at < dueAt) return false;
    if (pending.kind === "run") {
      const { retryAt: _, ...step } = pending;
      this.#pending.set(of, step);
    } else this.#deliver(of, NOTHING);
    return true;
  }

  #begin(at: number): boolean {
    const beginning = this.#beginning;
    if (beginning === undefined || at < beginning.dueAt) return false;
    this.#beginning = undefined;
    this.#deliveries.push(beginning.begin);
    return true;
  }

  /** Code that has not begun yet never does. */
  #cancel(reason: string): boolean {
    if (this.#isCancelled) return false;
    this.#isCancelled = true;
    if (this.#beginning !== undefined) {
      this.#reason = reason;
      this.#end("cancelled");
      return true;
    }
    this.#deliveries.push({ kind: "cancel", of: [...this.#pending.keys()], reason });
    this.#dropAll();
    return true;
  }

  /** Also a run whose code never got to see its start. */
  #terminate(reason: string): boolean {
    if (this.hasEnded) return false;
    this.#reason = reason;
    this.#end("terminated");
    return true;
  }

  #deliver(of: number, settled: Settled): void {
    this.#pending.delete(of);
    this.#deliveries.push({ kind: "settle", of, settled });
  }

  /** FLOW-5 */
  #drop(of: number): void {
    const pending = this.#pending.get(of);
    this.#pending.delete(of);
    if (pending?.kind === "child") this.#leftChildren.push({ ...pending, number: of });
  }

  #dropAll(): void {
    for (const of of this.#pending.keys()) this.#drop(of);
  }

  /** FLOW-6 */
  #end(phase: Phase): void {
    this.#phase = phase;
    this.#beginning = undefined;
    this.#dropAll();
    this.#events.clear();
    this.#requests.close();
  }
}
