import type { Actor } from "./actor.ts";
import type { ActorClass } from "./actor-definition.ts";
import { readFields, type ActorOptions, type StateOptions } from "./actor-options.ts";
import type { FieldName, MethodName } from "./actor-ref.ts";
import { notesBesideClass, type MethodMark, type Note } from "./class-notes.ts";
import { show } from "./names.ts";
import { SourcePosition } from "./source-position.ts";

/** What the method decorators say, by the same names. */
export type MethodOptions = { readonly [M in MethodMark]?: boolean };

/** All that decorators can say of a class, for `defineActor`. */
export interface DefineActorOptions<A extends Actor> extends ActorOptions {
  /** Default: the name of the class. */
  readonly name?: string;
  /** The durable slots: plain fields of the class, whose initialisers are the first values. */
  readonly state?: readonly FieldName<A>[] | { readonly [F in FieldName<A>]?: StateOptions };
  readonly methods?: { readonly [M in MethodName<A>]?: MethodOptions };
  /** The handler of each reminder, by the reminder's name. */
  readonly reminders?: Readonly<Record<string, MethodName<A>>>;
  /** The handler of each timer, by the timer's name. */
  readonly timers?: Readonly<Record<string, MethodName<A>>>;
}

/** Who has noted what `defineActor` says of a type. */
export const BY_DEFINE_ACTOR = "defineActor()";

/** What `defineActor` takes besides the options of the type. */
export const DEFINITION_PARTS: readonly string[] = [
  "name",
  "state",
  "methods",
  "reminders",
  "timers",
];

export const MARKS: readonly MethodMark[] = [
  "readonly",
  "interleave",
  "stream",
  "oneWay",
  "idempotent",
  "internal",
];

/**
 * Makes a class an actor type without decorators, and returns the class. It says the same as the
 * decorators do; a member decorator on the class counts as well.
 *
 * Like them it never throws: a wrong definition throws `BAD_DEFINITION` when the class is first
 * used.
 *
 * @example
 * ```ts
 * class Counter extends Actor {
 *   count = 0;
 *   async increment() {
 *     return ++this.count;
 *   }
 * }
 * defineActor(Counter, { name: "Counter", state: ["count"] });
 * ```
 */
export function defineActor<C extends ActorClass>(
  actorClass: C,
  options?: DefineActorOptions<InstanceType<C>>,
): C;
export function defineActor(actorClass: unknown, options: unknown = {}): unknown {
  // A value that is not a class is reported when somebody uses it as one. Nothing here could keep
  // the note until then.
  if (typeof actorClass !== "function") return actorClass;
  const notes = notesBesideClass(actorClass);
  const position = new SourcePosition(defineActor);
  const given: Record<string, unknown> =
    typeof options === "object" && options !== null ? { ...options } : {};
  const { name = actorClass.name, state, methods, reminders, timers, ...typeOptions } = given;
  const isObject = typeof options === "object" && options !== null;
  notes.push({
    kind: "type",
    position,
    by: BY_DEFINE_ACTOR,
    name,
    options: isObject ? typeOptions : options,
  });
  const writer = new NoteWriter(notes, position);
  writer.slots(actorClass, state);
  writer.marks(methods);
  writer.handlers("reminder", reminders);
  writer.handlers("timer", timers);
  return actorClass;
}

/** Turns the parts of one `defineActor` call into notes. */
class NoteWriter {
  readonly #notes: Note[];
  readonly #position: SourcePosition;

  constructor(notes: Note[], position: SourcePosition) {
    this.#notes = notes;
    this.#position = position;
  }

  slots(actorClass: { readonly prototype: unknown }, state: unknown): void {
    const named: unknown = Array.isArray(state)
      ? Object.fromEntries(state.map((slot: unknown) => [slot, {}]))
      : state;
    for (const [slot, options] of this.#entries("state", named)) {
      this.#notes.push({ kind: "slot", position: this.#position, slot, options });
      const member = Object.getOwnPropertyDescriptor(actorClass.prototype, slot);
      if (member?.get !== undefined || member?.set !== undefined) {
        this.#problem(
          `the state slot ${slot} is an accessor; make it a plain field, or put @state() on it`,
        );
      }
    }
  }

  marks(methods: unknown): void {
    for (const [method, options] of this.#entries("methods", methods)) {
      const flags = readFields(options, `the options of the method ${method}`, MARKS, (text) =>
        this.#problem(text),
      );
      for (const mark of MARKS) {
        const flag = flags[mark];
        if (flag === true)
          this.#notes.push({ kind: "mark", position: this.#position, method, mark });
        else if (flag !== undefined && flag !== false)
          this.#problem(`${mark} of ${method} must be true or false, not ${show(flag)}`);
      }
    }
  }

  handlers(of: "reminder" | "timer", handlers: unknown): void {
    for (const [name, method] of this.#entries(`${of}s`, handlers)) {
      if (typeof method === "string")
        this.#notes.push({ kind: "handler", position: this.#position, of, name, method });
      else
        this.#problem(
          `the handler of the ${of} ${show(name)} must be the name of a method, not ${show(method)}`,
        );
    }
  }

  #entries(option: string, given: unknown): [string, unknown][] {
    if (given === undefined) return [];
    if (typeof given === "object" && given !== null && !Array.isArray(given))
      return Object.entries(given);
    this.#problem(
      `${option} must be an object${option === "state" ? " or an array of names" : ""}, not ${show(given)}`,
    );
    return [];
  }

  #problem(text: string): void {
    this.#notes.push({ kind: "problem", position: this.#position, text });
  }
}
