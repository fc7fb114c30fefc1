/**
 * Under this key each copy of this package says on its `Actor` where it lies, so that another copy
 * can name both.
 */
export const ACTOR_HOME: unique symbol = Symbol.for("troupe.actorHome") as never;

/** Where this copy lies; empty in a bundle. */
export const HOME: string = import.meta.url ?? "";

/**
 * What is wrong with a class that does not extend this copy's `Actor`, but that of another copy;
 * undefined if it extends neither.
 */
export function otherCopyProblem(actorClass: unknown): string | undefined {
  let current: unknown = actorClass;
  while (typeof current === "function" && current !== Function.prototype) {
    if (Object.hasOwn(current, ACTOR_HOME)) {
      return describeCopies((current as unknown as Record<symbol, unknown>)[ACTOR_HOME]);
    }
    current = Object.getPrototypeOf(current);
  }
  return undefined;
}

function describeCopies(other: unknown): string {
  const [theirs, ours] = [other, HOME].map((place) =>
    typeof place === "string" && place !== "" ? folderOf(place) : "a bundle",
  );
  return (
    `it extends the Actor of another copy of troupe: that copy is in ${theirs}, and the one that was asked is in ${ours}; ` +
    `keep one copy (npm ls troupe, npm dedupe), and import both from it`
  );
}

/** The package's folder, which holds the folder of the module. */
function folderOf(url: string): string {
  return decodeURIComponent(new URL("..", url).pathname);
}
