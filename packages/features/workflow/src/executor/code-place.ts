import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const FRAME = /^\s*at (?:.*? \()?(.+:\d+:\d+)\)?$/;

/** Where the calls of the context are made from: not what an author looks for. */
const OWN_FOLDER = `${dirname(fileURLToPath(import.meta.url))}/`;

/**
 * The place in an author's code that has called the context, as `file:line:column`; undefined if
 * there is none in sight. It costs some microseconds, so only dry replays ask for it.
 */
export function codePlace(): string | undefined {
  const { stack = "" } = new Error("for its stack");
  for (const line of stack.split("\n").slice(1)) {
    const place = FRAME.exec(line)?.[1]?.replace(/^async /, "");
    if (place === undefined || place.startsWith("node:")) continue;
    const path = place.startsWith("file://") ? pathOf(place) : place;
    if (!path.startsWith(OWN_FOLDER)) return path;
  }
  return undefined;
}

function pathOf(place: string): string {
  const [, url = place, rest = ""] = /^(.*?)(:\d+:\d+)$/.exec(place) ?? [];
  return fileURLToPath(url) + rest;
}
