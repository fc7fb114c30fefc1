/**
 * Gives `Symbol.metadata` to a Node.js that has none, so that decorators can leave notes on their
 * class. It must run before the first decorated class is evaluated, which holds because the
 * decorators themselves import it. The registered symbol is what esbuild's output falls back to, so
 * that classes lowered by esbuild, tsc and swc agree on it.
 */
if (Symbol.metadata === undefined) {
  Object.defineProperty(Symbol, "metadata", { value: Symbol.for("Symbol.metadata") });
}

/** `Symbol.metadata`, there for certain. */
export const METADATA: typeof Symbol.metadata = Symbol.metadata;
