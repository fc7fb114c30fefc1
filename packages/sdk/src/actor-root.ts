/**
 * `Actor` carries this as its own static property, so that other files recognise it without
 * importing it in a circle.
 */
export const ACTOR_ROOT = Symbol("troupe.actorRoot");

/** The classes that make up an actor class, and the `Actor` that they end at. */
export interface ClassChain {
  /** From the one that extends `Actor` to the class itself. */
  readonly classes: readonly { readonly prototype: object; readonly name: string }[];
  /** Undefined if the class does not extend `Actor`. */
  readonly root: { readonly prototype: object } | undefined;
}

export function classChainOf(actorClass: {
  readonly prototype: object;
  readonly name: string;
}): ClassChain {
  const classes = [];
  let current: unknown = actorClass;
  while (typeof current === "function" && current !== Function.prototype) {
    if (Object.hasOwn(current, ACTOR_ROOT)) return { classes: classes.toReversed(), root: current };
    classes.push(current);
    current = Object.getPrototypeOf(current);
  }
  return { classes: classes.toReversed(), root: undefined };
}
