/**
 * The method under this key gives what `console.log` and a debugger show of an object, in place of
 * its insides. It is the symbol that Node.js uses.
 */
export const INSPECT: unique symbol = Symbol.for("nodejs.util.inspect.custom") as never;
