import { ACTOR_REFERENCE, type ActorAddress, formatAddress, TroupeError } from "@troupe/core";
import { type ActorDefinition, PRINTING_NAMES, UNANSWERED_NAMES } from "@troupe/sdk";
import type { CallTarget } from "./caller.ts";

/** Does what calling a method of the reference means; the reference does not know. */
export type MakeCall = (target: CallTarget, method: string, args: unknown[]) => unknown;

type ReferenceMethod = (...args: unknown[]) => unknown;

const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/** What stands behind the proxy. It is a class so that a copy does not take it for plain data. */
class ReferenceTarget {
  readonly [ACTOR_REFERENCE]: ActorAddress;

  constructor(address: ActorAddress) {
    this[ACTOR_REFERENCE] = address;
  }

  /** Here and not in the handler, because Node.js looks through a proxy when it prints one. */
  [INSPECT](): string {
    return `ActorRef <${formatAddress(this[ACTOR_REFERENCE])}>`;
  }
}

class ReferenceHandler implements ProxyHandler<ReferenceTarget> {
  readonly #target: CallTarget;
  readonly #call: MakeCall;
  readonly #methods = new Map<string, ReferenceMethod>();

  constructor(target: CallTarget, call: MakeCall) {
    this.#target = target;
    this.#call = call;
  }

  get(_: ReferenceTarget, name: string | symbol): unknown {
    if (typeof name === "symbol") return this.#symbol(name);
    const known = this.#methods.get(name);
    if (known !== undefined) return known;
    if (UNANSWERED_NAMES.has(name)) return undefined;
    if (PRINTING_NAMES.has(name)) return () => this.#target.key;
    const target = this.#target;
    const call = this.#call;
    const method: ReferenceMethod = (...args) => call(target, name, args);
    this.#methods.set(name, method);
    return method;
  }

  has(_: ReferenceTarget, name: string | symbol): boolean {
    return (
      name === ACTOR_REFERENCE ||
      (typeof name === "string" && this.#target.definition?.methodOf(name) !== undefined)
    );
  }

  set(): boolean {
    return false;
  }

  ownKeys(): string[] {
    return [];
  }

  getOwnPropertyDescriptor(): undefined {
    return undefined;
  }

  #symbol(name: symbol): unknown {
    if (name === ACTOR_REFERENCE) return this.#target.address;
    if (name === Symbol.toPrimitive) return () => this.#target.key;
    if (name === Symbol.toStringTag) return "ActorRef";
    return undefined;
  }
}

/** A reference to an actor: each property is a method that calls it. */
export function createReference(target: CallTarget, call: MakeCall): object {
  return new Proxy(new ReferenceTarget(target.address), new ReferenceHandler(target, call));
}

/** Characters of a name that a message shows. */
const NAME_SHOWN = 256;

/** The error of a call to a method that the type does not have. */
export function noSuchMethod(
  address: ActorAddress,
  method: string,
  definition: ActorDefinition | undefined,
): TroupeError {
  const methods = [...(definition?.methods.keys() ?? [])].join(", ");
  // Types cannot tell a field that holds a function from a method, so it is said here.
  return new TroupeError(
    "NO_SUCH_METHOD",
    `${formatAddress(address)} has no public method ${method.slice(0, NAME_SHOWN)}; ` +
      `it has ${methods === "" ? "none" : methods}. ` +
      "A field that holds a function is not a method: write it as a method of the class",
  );
}
