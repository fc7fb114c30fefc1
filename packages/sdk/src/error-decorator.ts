import { type ErrorClass, registerErrorClass, TroupeError } from "@troupe/core";
import { nameProblem, show } from "./names.ts";
import { SourcePosition } from "./source-position.ts";

/** A decorator of a class of errors. */
export type ErrorDecorator = <C extends ErrorClass>(
  errorClass: C,
  context?: ClassDecoratorContext<C>,
) => void;

/**
 * Makes a class of errors known by a name, so that what an actor throws of it is of that class
 * where it arrives, with its own fields and its cause. Where no class has the name it arrives as
 * the built-in class that the class extends.
 *
 * The constructor does not run where the error arrives, so private fields (`#x`) are not there.
 * Throws `BAD_DEFINITION` if it is on something else, or the name is none.
 *
 * @example
 * ```ts
 * @error("OutOfStock")
 * export class OutOfStock extends Error {
 *   constructor(readonly item: string) {
 *     super(`${item} is out of stock`);
 *   }
 * }
 * ```
 */
export function error(name: string): ErrorDecorator;
export function error(...args: readonly unknown[]): unknown {
  const position = new SourcePosition(error);
  if (typeof args[0] === "function")
    throw wrong(position, '@error needs parentheses and a name: write @error("OutOfStock")');
  return (target: unknown): void => register(target, args[0], position);
}

/** As `@error(name)`, for toolchains that leave decorators alone. */
export function defineError(errorClass: ErrorClass, name: string): void {
  register(errorClass, name, new SourcePosition(defineError));
}

function register(target: unknown, name: unknown, position: SourcePosition): void {
  const problem = nameProblem(name);
  if (problem !== undefined) throw wrong(position, `the name of an error class ${problem}`);
  if (!isErrorClass(target))
    throw wrong(position, `${shownTarget(target)} is no class that extends Error`);
  registerErrorClass(target, String(name));
}

function isErrorClass(target: unknown): target is ErrorClass {
  return typeof target === "function" && (target.prototype as unknown) instanceof Error;
}

function shownTarget(target: unknown): string {
  return typeof target === "function" && target.name !== "" ? target.name : show(target);
}

function wrong(position: SourcePosition, problem: string): TroupeError {
  return new TroupeError("BAD_DEFINITION", `${position.toString()}: ${problem}`);
}
