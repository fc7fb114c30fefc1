import {
  callTarget,
  createReference,
  isSystemName,
  noSuchMethod,
  runOutsideTurns,
} from "@troupe/client";
import {
  DURATION_FORMS,
  type Duration,
  fromPortable,
  type Logger,
  parseDuration,
  shownValue,
  toPortable,
  TroupeError,
} from "@troupe/core";
import { type ActorClass, definitionOf } from "@troupe/sdk";
import type { Command, OnParentEnd } from "../machine/episode.ts";
import type { Call } from "./call-table.ts";
import { ContinueWith } from "./continue-with.ts";
import type { EventHandler } from "./handler-table.ts";
import type { NativeRun } from "./native-run.ts";
import { durationOf, retryPolicy } from "./retry-policy.ts";
import type { ChildOptions, StepFunction, StepOptions } from "./step-options.ts";
import { UndoList } from "./undo-list.ts";

/** Episodes after which a run had better begin anew. */
const LONG_HISTORY = 10_000;

/** Nothing waits for longer: the end of the year 9999. */
const LATEST_MS = Date.UTC(10_000, 0) - 1;

const ON_PARENT_END: readonly OnParentEnd[] = ["cancel", "abandon", "terminate"];

/** A call of an actor, whatever it is for. */
type ActorCall = Omit<Extract<Call, { kind: "ask" | "send" | "child" | "start" }>, "kind">;

/** What the code of one run has in its hands: each call becomes a command. */
export class RunContext {
  readonly log: Logger;
  readonly #run: NativeRun;
  readonly #undos = new UndoList();

  constructor(run: NativeRun, log: Logger) {
    this.#run = run;
    this.log = silentOnReplay(log, () => run.isReplay);
  }

  get id(): string {
    return this.#run.id;
  }

  run<T>(name: string, work: StepFunction<T>, options: StepOptions<T> = {}): Promise<T> {
    return this.#checked(() => {
      if (typeof name !== "string" || name === "")
        throw new TroupeError("BAD_DEFINITION", `a step needs a name, not ${shownValue(name)}`);
      if (typeof work !== "function")
        throw new TroupeError("BAD_DEFINITION", `step ${shownValue(name)} needs a function to run`);
      const { timeout, undo } = options;
      const retry = retryPolicy(name, options.retry);
      const timeoutMs = timeout === undefined ? undefined : durationOf(name, "timeout", timeout);
      const call: Call = { kind: "run", name, work, retry, timeoutMs };
      const promise = this.#run.table.ask({ kind: "run", name }, call);
      if (undo !== undefined)
        this.#undos.add(name, (result) => undo(result as T | undefined), promise);
      return promise;
    }) as Promise<T>;
  }

  do(
    type: string | { readonly name: string },
    input?: unknown,
    options: StepOptions = {},
  ): Promise<unknown> {
    const name = typeof type === "string" ? type : type.name;
    try {
      const copy = fromPortable(toPortable(input, { root: "input" }), this.#run.makeReference);
      return this.run(name, this.#run.activity(name, copy), options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  sleep(until: Duration | Date): Promise<void> {
    return this.#checked(() =>
      this.#run.table.ask({ kind: "timer", dueAt: this.#timeOf("sleep", until) }),
    ) as Promise<void>;
  }

  event(name: string, options?: { readonly timeout: Duration }): Promise<unknown> {
    return this.#checked(() => {
      this.#run.checkEvent(name);
      const command: Command = { kind: "event", name };
      if (options === undefined) return this.#run.table.ask(command);
      const dueAt = this.#timeOf(`event ${JSON.stringify(name)}: timeout`, options.timeout);
      return this.#run.table.ask({ ...command, dueAt });
    });
  }

  on(name: string, handler: EventHandler): void {
    if (typeof handler !== "function")
      throw new TroupeError("BAD_DEFINITION", `ctx.on(${shownValue(name)}) needs a function`);
    this.#run.handle(name, handler);
  }

  actor(type: ActorClass | string, id: string): unknown {
    return this.#reference(type, id, (name, call) =>
      this.#checked(() => this.#run.table.ask({ kind: "ask", name }, { kind: "ask", ...call() })),
    );
  }

  send(type: ActorClass | string, id: string): unknown {
    return this.#reference(type, id, (name, call) => {
      this.#run.check();
      this.#run.checkRoom();
      this.#run.table.give({ kind: "send", name }, { kind: "send", ...call() });
    });
  }

  child(
    type: string | { readonly name: string },
    id: string,
    input?: unknown,
    { onParentEnd = "cancel", undo }: ChildOptions = {},
  ): Promise<unknown> {
    return this.#checked(() => {
      if (!ON_PARENT_END.includes(onParentEnd)) {
        const message = `ctx.child: onParentEnd is ${shownValue(onParentEnd)}; give ${ON_PARENT_END.join(", ")}`;
        throw new TroupeError("BAD_DEFINITION", message);
      }
      const { name, call } = this.#otherRun(type, id, input);
      const command: Command = { kind: "child", name, onParentEnd };
      const promise = this.#run.table.ask(command, { kind: "child", ...call });
      if (undo !== undefined) this.#undos.add(name, undo, promise);
      return promise;
    });
  }

  start(type: string | { readonly name: string }, id: string, input?: unknown): void {
    this.#run.check();
    this.#run.checkRoom();
    const { name, call } = this.#otherRun(type, id, input);
    this.#run.table.give({ kind: "start", name }, { kind: "start", ...call });
  }

  async race(entries: Readonly<Record<string, Promise<unknown>>>): Promise<unknown> {
    this.#run.check();
    const promises = Object.entries(entries);
    try {
      return await Promise.race(
        promises.map(async ([key, promise]) => ({ key, value: await promise })),
      );
    } finally {
      for (const [, promise] of promises) this.#run.table.withdraw(promise);
    }
  }

  async map<T, R>(
    items: readonly T[],
    work: (item: T, index: number) => Promise<R>,
    { concurrency = Number.POSITIVE_INFINITY }: { readonly concurrency?: number } = {},
  ): Promise<R[]> {
    if (!(concurrency >= 1))
      throw new TroupeError(
        "BAD_DEFINITION",
        `ctx.map: concurrency is ${shownValue(concurrency)}; give a number of at least 1`,
      );
    const results: R[] = [];
    const left = [...items.entries()].toReversed();
    const lane = async (): Promise<void> => {
      for (let next = left.pop(); next !== undefined; next = left.pop()) {
        const [index, item] = next;
        // oxlint-disable-next-line no-await-in-loop -- one after the other in each lane.
        results[index] = await work(item, index);
      }
    };
    try {
      await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, lane));
    } finally {
      // After the first that fails no other begins.
      left.length = 0;
    }
    return results;
  }

  patched(name: string): boolean {
    return this.#run.patched(name);
  }

  status(value: unknown): void {
    this.#run.check();
    this.#run.table.give({ kind: "status", value: toPortable(value, { root: "status" }).value });
  }

  now(): number {
    this.#run.check();
    return this.#run.now;
  }

  random(): number {
    this.#run.check();
    return this.#run.random.next();
  }

  uuid(): string {
    this.#run.check();
    return this.#run.random.uuid();
  }

  get shouldContinue(): boolean {
    this.#run.check();
    return this.#run.episode >= LONG_HISTORY;
  }

  continueWith(input: unknown): ContinueWith {
    this.#run.check();
    if (this.#run.episode === 0) {
      const message = `ctx.continueWith was called before the run has waited for anything, so it would never end; let it wait first`;
      throw new TroupeError("CONTEXT_MISUSE", message);
    }
    return new ContinueWith(toPortable(input, { root: "input" }).value);
  }

  async undoAll(): Promise<void> {
    const errors = await this.#undos.runAll((name, undo) => this.run(name, () => undo()));
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, `${errors.length} undos failed`);
  }

  /** What is wrong comes as a rejection, as everything of a promise does. */
  #checked(ask: () => Promise<unknown>): Promise<unknown> {
    try {
      this.#run.check();
      this.#run.checkRoom();
      return ask();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #timeOf(what: string, until: unknown): number {
    const ms = until instanceof Date ? until.getTime() - this.#run.now : parseDuration(until);
    const dueAt = this.#run.now + Math.max(0, ms ?? Number.NaN);
    if (dueAt <= LATEST_MS) return dueAt;
    const message = `${what} is ${shownValue(until)}; give a Date, or ${DURATION_FORMS}, up to the year 9999`;
    throw new TroupeError("BAD_SCHEDULE", message);
  }

  #otherRun(
    type: string | { readonly name: string },
    id: string,
    input: unknown,
  ): { readonly name: string; readonly call: ActorCall } {
    const typeName = typeof type === "string" ? type : type.name;
    const { address, key } = callTarget({ type: typeName, id }, undefined, undefined);
    const copy = fromPortable(toPortable(input, { root: "input" }), this.#run.makeReference);
    return { name: key, call: { to: address, method: "start", args: [copy] } };
  }

  /** Arguments are copied when the call is made, as those of every call are. */
  #reference(
    type: ActorClass | string,
    id: string,
    give: (name: string, call: () => ActorCall) => unknown,
  ): object {
    const definition = typeof type === "string" ? undefined : definitionOf(type);
    const target = callTarget(
      { type: definition?.name ?? String(type), id },
      definition,
      undefined,
    );
    const { table } = this.#run;
    const place = table.currentPlace();
    return createReference(target, ({ address, key }, method, args) => {
      const given = give(`${key}.${method}`, () => {
        const isUnknown = definition !== undefined && definition.methodOf(method) === undefined;
        if (isUnknown || isSystemName(method)) throw noSuchMethod(address, method, definition);
        const copy = fromPortable(toPortable(args, { root: "args" }), this.#run.makeReference);
        return { to: address, method, args: copy as unknown[] };
      });
      table.setPlace(place);
      return given;
    });
  }
}

function silentOnReplay(log: Logger, isReplay: () => boolean): Logger {
  const write =
    (level: "debug" | "info" | "warn" | "error") =>
    (fields: object, message: string): void => {
      // A logger may ask for the time.
      if (!isReplay()) runOutsideTurns(() => log[level](fields, message));
    };
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: (fields) => silentOnReplay(log.child(fields), isReplay),
  };
}
