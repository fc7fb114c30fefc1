import type { ActorClass } from "./actor-definition.ts";
import { notesBesideClass } from "./class-notes.ts";
import { decorator } from "./decoration.ts";
import type { MethodDecorator } from "./decorators.ts";
import { SourcePosition } from "./source-position.ts";

/** A handler, as a feature describes it to the definition of its class. */
export interface FeatureHandler {
  /** What it handles, such as "subscription". The definition lists handlers by kind. */
  readonly kind: string;
  /** Tells it from the others of its kind in the class. */
  readonly name: string;
  /** What the feature has to know of it; see `ActorDefinition.handlerDetails`. */
  readonly details: unknown;
  /** True if a stateless worker may have it, because it keeps nothing with the actor. */
  readonly isStateless?: boolean;
  /** What is wrong with it. The definition of the class shows that, and cannot be used. */
  readonly problems?: readonly string[];
}

/** One use of a feature's decorator. */
export interface HandlerUse {
  /** The function that users call. Positions in messages are where they call it. */
  readonly factory: (...args: never) => unknown;
  /** What they gave it. */
  readonly args: readonly unknown[];
  /** Describes the handler. It is given the name of the decorated method. */
  readonly describe: (method: string) => FeatureHandler;
}

/**
 * The decorator of a feature that makes a method a handler, as `@reminder` does. The method cannot
 * be called through a reference, unless it has another mark as well.
 *
 * @example
 * ```ts
 * export function onMail(folder: string): MethodDecorator {
 *   const describe = () => ({ kind: "mail", name: folder, details: undefined });
 *   return handlerDecorator({ factory: onMail, args: [folder], describe });
 * }
 * ```
 */
export function handlerDecorator<M extends (...args: never) => unknown>(
  use: HandlerUse,
): MethodDecorator<M> {
  const { factory, args } = use;
  const position = new SourcePosition(factory);
  return decorator({ name: factory.name, position, args }, "method", ({ name, notes }) => {
    const { kind, problems = [], ...handler } = use.describe(name);
    notes.push({ kind: "handler", position, of: kind, method: name, ...handler });
    for (const text of problems) notes.push({ kind: "problem", position, text });
  }) as MethodDecorator<M>;
}

/** Says the same of a method of a class without a decorator. `factory` is as in `HandlerUse`. */
export function noteHandler(
  actorClass: ActorClass,
  method: string,
  { kind, problems = [], ...handler }: FeatureHandler,
  factory: HandlerUse["factory"],
): void {
  const position = new SourcePosition(factory);
  const notes = notesBesideClass(actorClass);
  notes.push({ kind: "handler", position, of: kind, method, ...handler });
  for (const text of problems) notes.push({ kind: "problem", position, text });
}
