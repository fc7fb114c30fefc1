import type { Actor } from "./actor.ts";
import { constructingHostOf } from "./actor-insides.ts";
import type { ActorClass } from "./actor-definition.ts";
import type { ActorOptions, StateOptions } from "./actor-options.ts";
import type { MethodMark } from "./class-notes.ts";
import { decorator } from "./decoration.ts";
import type { ReminderTick, TimerTick } from "./schedule-options.ts";
import { slotAccessor } from "./slot-accessor.ts";
import { SourcePosition } from "./source-position.ts";

interface Reachable {
  readonly private: false;
  readonly static: false;
}

/** A decorator of an actor class. */
export type ActorDecorator = <C extends ActorClass>(
  actorClass: C,
  context: ClassDecoratorContext<C>,
) => void;

/**
 * A decorator of an accessor of an actor class. The second form takes nothing: the compiler quotes
 * it to whoever put the decorator on something else.
 */
export interface StateDecorator {
  <A extends Actor, V>(
    accessor: ClassAccessorDecoratorTarget<A, V>,
    context: ClassAccessorDecoratorContext<A, V> & Reachable,
  ): ClassAccessorDecoratorResult<A, V>;
  (target: unknown, misused: OnAccessorsOnly): never;
}

type OnAccessorsOnly =
  'write "accessor" before the name, as in "@state() accessor balance = 0"; it belongs on a public accessor of a class that extends Actor';

type NeedsParentheses<Name extends string> = `@${Name} needs parentheses: write @${Name}()`;

/** A decorator of a method of an actor class. */
export type MethodDecorator<M = (...args: never) => unknown> = <A extends Actor>(
  method: M,
  context: ClassMethodDecoratorContext<A> & Reachable,
) => void;

/**
 * Makes a class an actor type. The name is what the cluster knows it by, in stored data too;
 * without one it is the name of the class, which minifiers change.
 *
 * A wrong definition throws `BAD_DEFINITION` with every mistake and its line when the class is
 * first used, not when it is decorated. A class that extends another actor class needs a decorator
 * and a name of its own, and inherits methods, slots, reminders and timers, but no options.
 */
export function actor(name?: string, options?: ActorOptions): ActorDecorator;
/** Nothing is of this type: the compiler quotes it to whoever left out the parentheses. */
export function actor(misused: NeedsParentheses<"actor">): ActorDecorator;
export function actor(...args: readonly unknown[]): unknown {
  const position = new SourcePosition(actor);
  return decorator({ name: "actor", position, args }, "class", ({ name, notes }) => {
    notes.push({
      kind: "type",
      position,
      by: "@actor()",
      name: args[0] === undefined ? name : args[0],
      options: args[1],
    });
  });
}

/**
 * Makes an accessor a durable slot: what a turn assigns to it, or changes inside of its value, is
 * stored before the turn's reply leaves. The initialiser is the value of an actor that has stored
 * none.
 *
 * @example
 * ```ts
 * @state() accessor balance = 0;
 * ```
 */
export function state(options?: StateOptions): StateDecorator;
/** Nothing is of this type: the compiler quotes it to whoever left out the parentheses. */
export function state(target: unknown, misused: NeedsParentheses<"state">): StateDecorator;
export function state(...args: readonly unknown[]): unknown {
  const position = new SourcePosition(state);
  return decorator({ name: "state", position, args }, "accessor", ({ name, notes }) => {
    notes.push({ kind: "slot", position, slot: name, options: args[0] });
    return slotDecoration(name);
  });
}

/**
 * The method only looks: it may run beside other readonly turns, and a write to a slot in it throws
 * `READONLY_WRITE`.
 */
export function readonly(): MethodDecorator;
export function readonly(...args: readonly unknown[]): unknown {
  return mark("readonly", new SourcePosition(readonly), args);
}

/** The method may run beside any turn; it must expect state to change at each of its `await`s. */
export function interleave(): MethodDecorator;
export function interleave(...args: readonly unknown[]): unknown {
  return mark("interleave", new SourcePosition(interleave), args);
}

/**
 * Callers do not wait: their promise resolves when the call is sent, and what the method returns or
 * throws is dropped.
 */
export function oneWay(): MethodDecorator;
export function oneWay(...args: readonly unknown[]): unknown {
  return mark("oneWay", new SourcePosition(oneWay), args);
}

/**
 * Running the method twice does what running it once does, so a call is retried also when it is
 * unknown whether it ran.
 */
export function idempotent(): MethodDecorator;
export function idempotent(...args: readonly unknown[]): unknown {
  return mark("idempotent", new SourcePosition(idempotent), args);
}

/**
 * The method returns an `AsyncIterable` and is a stream. An `async *` method is one without this
 * mark.
 */
export function stream(): MethodDecorator<(...args: never) => AsyncIterable<unknown>>;
export function stream(...args: readonly unknown[]): unknown {
  return mark("stream", new SourcePosition(stream), args);
}

/**
 * The method is for `this` only. References still show it to the compiler, and calling it through
 * one fails with `NO_SUCH_METHOD`.
 */
export function internal(): MethodDecorator;
export function internal(...args: readonly unknown[]): unknown {
  return mark("internal", new SourcePosition(internal), args);
}

/**
 * The method handles the ticks of the reminder `name`. One method may handle several. It cannot be
 * called through a reference, unless it also has `@readonly()`, `@interleave()`, `@oneWay()` or
 * `@idempotent()`.
 */
export function reminder(name: string): MethodDecorator<(tick: ReminderTick<never>) => unknown>;
export function reminder(...args: readonly unknown[]): unknown {
  return handler("reminder", new SourcePosition(reminder), args);
}

/** The method handles the ticks of the timer `name`. The rest is as with `@reminder`. */
export function timer(name: string): MethodDecorator<(tick: TimerTick<never>) => unknown>;
export function timer(...args: readonly unknown[]): unknown {
  return handler("timer", new SourcePosition(timer), args);
}

/** What replaces an accessor. The storage that the class keeps behind it stays empty. */
function slotDecoration(name: string): object {
  const accessor = slotAccessor(name);
  return {
    ...accessor,
    init(this: Actor, value: unknown): void {
      constructingHostOf(this)?.slots.initialise(name, value);
    },
  };
}

function mark(name: MethodMark, position: SourcePosition, args: readonly unknown[]): unknown {
  return decorator({ name, position, args }, "method", (on) => {
    on.notes.push({ kind: "mark", position, method: on.name, mark: name });
  });
}

function handler(
  of: "reminder" | "timer",
  position: SourcePosition,
  args: readonly unknown[],
): unknown {
  return decorator({ name: of, position, args }, "method", (on) => {
    on.notes.push({ kind: "handler", position, of, name: args[0], method: on.name });
  });
}
