import {
  ACTOR_REFERENCE,
  type ActorAddress,
  formatAddress,
  INSPECT,
  TroupeError,
} from "@troupe/core";
import { type ActorDefinition, PRINTING_NAMES, UNANSWERED_NAMES } from "@troupe/sdk";
import type { CallTarget } from "./caller.ts";

/** Does what calling a method of the reference means; the reference does not know. */
export type MakeCall = (target: CallTarget, method: string, args: unknown[]) => unknown;

type ReferenceMethod = (...args: unknown[]) => unknown;

/**
 * A reference to an actor: each property is a method that calls it.
 *
 * The methods of a known type are getters of a class that is made for the type, which costs a
 * twentieth of what a proxy does. Every other name comes to the proxy at the end of the prototype
 * chain.
 */
class Reference {
  readonly #target: CallTarget;
  readonly #call: MakeCall;

  constructor(target: CallTarget, call: MakeCall) {
    this.#target = target;
    this.#call = call;
  }

  get [ACTOR_REFERENCE](): ActorAddress {
    return this.#target.address;
  }

  get [Symbol.toStringTag](): string {
    return "ActorRef";
  }

  [Symbol.toPrimitive](): string {
    return this.#target.key;
  }

  [INSPECT](): string {
    return `ActorRef <${this.#target.key}>`;
  }

  static methodOf(reference: Reference, name: string): ReferenceMethod {
    const target = reference.#target;
    const call = reference.#call;
    return (...args) => call(target, name, args);
  }

  /** Whatever the class of the reference does not have. */
  static unlisted(reference: object, name: string | symbol): unknown {
    if (typeof name === "symbol" || !(#target in reference)) return undefined;
    if (UNANSWERED_NAMES.has(name)) return undefined;
    if (PRINTING_NAMES.has(name)) return () => reference.#target.key;
    return Reference.methodOf(reference, name);
  }
}

// It would be taken for a method of the actor.
Reflect.deleteProperty(Reference.prototype, "constructor");
Object.setPrototypeOf(
  Reference.prototype,
  new Proxy(Object.freeze(Object.create(null) as object), {
    get: (_, name, reference: object) => Reference.unlisted(reference, name),
    has: () => false,
    set: () => false,
  }),
);

const classes = new WeakMap<ActorDefinition, typeof Reference>();

function classOf(definition: ActorDefinition): typeof Reference {
  const known = classes.get(definition);
  if (known !== undefined) return known;
  const made = class extends Reference {};
  Reflect.deleteProperty(made.prototype, "constructor");
  for (const name of definition.methods.keys()) {
    Object.defineProperty(made.prototype, name, {
      get(this: Reference) {
        return Reference.methodOf(this, name);
      },
    });
  }
  classes.set(definition, made);
  return made;
}

/** A reference to an actor whose methods call it. */
export function createReference(target: CallTarget, call: MakeCall): object {
  const { definition } = target;
  return new (definition === undefined ? Reference : classOf(definition))(target, call);
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
