/** A class of errors that a user wrote, whatever its constructor takes. */
export type ErrorClass = abstract new (...args: never) => Error;

/** Under this key a class has the name under which it was registered. */
const REGISTERED_NAME = Symbol.for("troupe.errorName");

/** Where every copy of this package in the process finds the classes, by their names. */
const REGISTRY = Symbol.for("troupe.errorClasses");

/** Classes between an error and `Error`; a proxy could show an endless chain. */
const CLASSES_MAX = 100;

const isOrdinaryInstance = Function.prototype[Symbol.hasInstance];

/**
 * Makes errors of the class arrive as such wherever a class is registered under the same name.
 *
 * A module that is loaded twice registers two classes under one name. Errors are then made of the
 * later one, and `instanceof` takes errors of each for errors of both.
 */
export function registerErrorClass(errorClass: ErrorClass, name: string): void {
  registry().set(name, errorClass);
  defineHidden(errorClass, REGISTERED_NAME, name);
  if (!Object.hasOwn(errorClass.prototype, "name"))
    defineHidden(errorClass.prototype, "name", name);
  if (Object.hasOwn(errorClass, Symbol.hasInstance)) return;
  defineHidden(errorClass, Symbol.hasInstance, function (this: unknown, value: unknown): boolean {
    if (isOrdinaryInstance.call(this as () => void, value)) return true;
    return this === errorClass && registeredNames(value).includes(name);
  });
}

/** The class that is registered under the name in this process. */
export function registeredErrorClass(name: string): ErrorClass | undefined {
  return registry().get(name);
}

/** The name of the nearest registered class of the error. Never throws. */
export function registeredNameOf(error: object): string | undefined {
  return registeredNames(error)[0];
}

function registeredNames(value: unknown): string[] {
  const names: string[] = [];
  try {
    let prototype: unknown = Object.getPrototypeOf(value);
    for (let step = 0; step < CLASSES_MAX && isObject(prototype); step++) {
      const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
      const name =
        typeof constructor === "function"
          ? (Object.getOwnPropertyDescriptor(constructor, REGISTERED_NAME)?.value as unknown)
          : undefined;
      if (typeof name === "string") names.push(name);
      prototype = Object.getPrototypeOf(prototype);
    }
  } catch {
    // A trap threw, or the value has no prototype: what was found before counts.
  }
  return names;
}

function registry(): Map<string, ErrorClass> {
  const shared = globalThis as { [REGISTRY]?: Map<string, ErrorClass> };
  return (shared[REGISTRY] ??= new Map<string, ErrorClass>());
}

function defineHidden(target: object, key: string | symbol, value: unknown): void {
  Object.defineProperty(target, key, {
    value,
    writable: true,
    configurable: true,
    enumerable: false,
  });
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
