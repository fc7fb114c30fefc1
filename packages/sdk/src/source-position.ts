import { fileURLToPath } from "node:url";

const FRAME = /^\s*at (?:.*? \()?(.+:\d+:\d+)\)?$/;

/**
 * A place in the author's source, as `file:line:column`.
 *
 * Making one only captures the stack; the text is made when somebody asks for it, which is when
 * Node.js applies source maps. So a decorator that is right costs a few microseconds at start and
 * nothing later.
 */
export class SourcePosition {
  readonly #trace: { stack?: string } = {};

  /** The place that called `callee`. */
  constructor(callee: (...args: never) => unknown) {
    Error.captureStackTrace(this.#trace, callee);
  }

  /** `unknown position` where stacks are switched off. */
  toString(): string {
    for (const line of (this.#trace.stack ?? "").split("\n").slice(1)) {
      const place = FRAME.exec(line)?.[1];
      if (place !== undefined) return withoutScheme(place);
    }
    return "unknown position";
  }
}

function withoutScheme(place: string): string {
  if (!place.startsWith("file://")) return place;
  const [, url = place, rest = ""] = /^(.*?)(:\d+:\d+)$/.exec(place) ?? [];
  return fileURLToPath(url) + rest;
}
