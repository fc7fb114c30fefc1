import { TroupeError } from "@troupe/core";
import { notesBesideClass, notesOfMetadata, type Note } from "./class-notes.ts";
import type { SourcePosition } from "./source-position.ts";

/** One use of a decorator: `@name(…)` at a place in the source. */
export interface DecoratorUse {
  /** Without `@` and parentheses. */
  readonly name: string;
  readonly position: SourcePosition;
  /** What the decorator was given. */
  readonly args: readonly unknown[];
}

/** What a standard decorator was put on. */
export interface Decorated {
  readonly kind: string;
  /** Of the class or member; empty for a class without a name. */
  readonly name: string;
  readonly notes: Note[];
}

interface StandardContext {
  readonly kind: string;
  readonly name: string | symbol | undefined;
  readonly metadata: unknown;
  readonly static?: boolean;
  readonly private?: boolean;
}

/**
 * The decorator of one use: it calls `apply` if it was put on a `kind` of thing that can have it,
 * and otherwise leaves a note that says what to change. Nothing throws here, so that all mistakes
 * of a class are shown together when the class is used.
 */
export function decorator(
  use: DecoratorUse,
  kind: "class" | "accessor" | "method",
  apply: (on: Decorated) => unknown,
): unknown {
  if (isDecoration(use)) {
    noteOf(use, use.args[0], use.args[1], `@${use.name} needs parentheses: write @${use.name}(…)`);
    return undefined;
  }
  return (target: unknown, context: unknown): unknown => {
    if (!isContext(context)) {
      noteOf(use, target, context, "");
      return undefined;
    }
    const problem = placeProblem(use.name, kind, context);
    if (problem === undefined)
      return apply({ kind, name: String(context.name ?? ""), notes: notesOf(context) });
    notesOf(context).push({ kind: "problem", position: use.position, text: problem });
    return undefined;
  };
}

/**
 * Leaves `text` for a standard decorator; for a legacy one, that it is one is all there is to say.
 */
function noteOf(use: DecoratorUse, target: unknown, context: unknown, text: string): void {
  const { name, position } = use;
  if (isContext(context)) {
    notesOf(context).push({ kind: "problem", position, text });
    return;
  }
  // A legacy decorator is given the class, the class again for a static member, or the prototype
  // for any other.
  const actorClass =
    typeof target === "function"
      ? target
      : (target as { constructor?: unknown } | undefined)?.constructor;
  if (typeof actorClass !== "function")
    throw new TroupeError(
      "BAD_DEFINITION",
      `${position.toString()}: @${name}() is not used as a decorator`,
    );
  notesBesideClass(actorClass).push({ kind: "legacy", position, decorator: name });
}

function placeProblem(name: string, kind: string, context: StandardContext): string | undefined {
  const what = String(context.name ?? "the class");
  if (kind === "accessor" && context.kind === "field") {
    return `@${name}() ${what} is a plain field; write "@${name}() accessor ${what}"`;
  }
  if (context.kind !== kind) {
    return `@${name}() is on the ${context.kind} ${what}; it belongs on ${kind === "accessor" ? "an accessor" : `a ${kind}`}`;
  }
  if (context.static === true)
    return `@${name}() is on the static ${kind} ${what}; an actor has only what its instances have, so remove "static"`;
  if (context.private === true)
    return `@${name}() is on the private ${kind} ${what}; Troupe cannot reach it, so remove the "#"`;
  if (typeof context.name === "symbol")
    return `@${name}() is on the ${kind} ${what}; give it a name that is a string`;
  return undefined;
}

function isContext(value: unknown): value is StandardContext {
  return (
    typeof value === "object" && value !== null && "kind" in value && "addInitializer" in value
  );
}

/**
 * Whether a decorator factory was called as if it were the decorator, which is what leaving out the
 * parentheses does.
 */
function isDecoration({ name, args }: DecoratorUse): boolean {
  const [target, context] = args;
  if (isContext(context)) return true;
  if (typeof context === "string" || typeof context === "symbol")
    return typeof target === "object" || typeof target === "function";
  return name === "actor" && typeof target === "function";
}

function notesOf(context: StandardContext): Note[] {
  const { metadata } = context;
  if (typeof metadata === "object" && metadata !== null) return notesOfMetadata(metadata);
  throw new TroupeError(
    "BAD_DEFINITION",
    "the compiler gives decorators no context.metadata; use one with the 2023-11 decorators, such as TypeScript 5.2 or esbuild 0.21, or use defineActor",
  );
}
