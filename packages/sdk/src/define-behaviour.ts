import { TroupeError } from "@troupe/core";
import type { DeactivationReason } from "./actor.ts";
import type {
  ActorDefinition,
  Concurrency,
  MethodDefinition,
  SlotDefinition,
} from "./actor-definition.ts";
import type { ActorHost } from "./actor-host.ts";
import {
  type ActorOptions,
  readActorOptions,
  readFields,
  readSlotOptions,
  type StateOptions,
} from "./actor-options.ts";
import type { Behaviour } from "./behaviour.ts";
import type { Extension } from "./extension/extension.ts";
import { MARKS, type MethodOptions } from "./define-actor.ts";
import { nameProblem, RESERVED_NAMES, show, typeNameProblem } from "./names.ts";

/** What a behaviour makes for one activation: it serves the calls of one actor. */
export interface ActiveBehaviour {
  /** Serves a call, or a tick whose handler has this name. */
  invoke(method: string, args: readonly unknown[]): unknown;
  /** Runs before the first turn. If it throws, the calls that wait fail. */
  onActivate?(): void | Promise<void>;
  /** Runs after the last turn, if it can. */
  onDeactivate?(reason: DeactivationReason): void | Promise<void>;
}

/** A handler of which its feature knows more than the method. */
export interface HandlerOptions {
  readonly method: string;
  /** See `ActorDefinition.handlerDetails`. */
  readonly details: unknown;
}

/** What is known of an actor type that has no class. */
export interface BehaviourOptions extends ActorOptions {
  /**
   * Makes what serves one actor while it is active. What is stored was read before: give each slot
   * its first value with `host.slots.initialise`, then read and write it through `host.slots`.
   */
  readonly activate: (host: ActorHost) => ActiveBehaviour;
  /** The methods that may be called, by name. Without this and `openMethods` there are none. */
  readonly methods?: Readonly<Record<string, MethodOptions>>;
  /**
   * For a type whose methods are not all known: what holds of a method that `methods` does not
   * name, or undefined if there is none of this name.
   */
  readonly openMethods?: (name: string) => MethodOptions | undefined;
  /** The durable slots. */
  readonly state?: Readonly<Record<string, StateOptions>>;
  /** By kind ("reminder", "timer", or that of another durable part): the method by its name. */
  readonly handlers?: Readonly<Record<string, Readonly<Record<string, string | HandlerOptions>>>>;
  /** Added to each silo that hosts the type, such as the durable part that its actors need. */
  readonly extensions?: readonly Extension[];
  /** What a silo that hosts the type says of it to the others; see `SiloHost.offersOf`. */
  readonly offers?: readonly string[];
}

const PARTS: readonly string[] = [
  "activate",
  "methods",
  "openMethods",
  "state",
  "handlers",
  "extensions",
  "offers",
];

/**
 * Makes an actor type without a class: `startSilo({ actors: [Account, echo] })` hosts it, and
 * `cluster.actor("Echo", id)` calls it.
 *
 * Throws `BAD_DEFINITION` with everything that is wrong.
 *
 * @example
 * ```ts
 * const echo = defineBehaviour("Echo", {
 *   openMethods: () => ({}),
 *   activate: (host) => ({ invoke: (method, args) => [host.address.id, method, ...args] }),
 * });
 * ```
 */
export function defineBehaviour(name: string, options: BehaviourOptions): ActorDefinition {
  const problems: string[] = [];
  const report = (text: string): void => void problems.push(text);
  const typeProblem = typeNameProblem(name);
  if (typeProblem !== undefined) report(`the type name ${typeProblem}`);
  const given: Partial<BehaviourOptions> =
    typeof options === "object" && options !== null ? options : {};
  const { activate, openMethods } = given;
  if (typeof activate !== "function")
    report(`activate must be a function of the host, not ${show(activate)}`);
  if (openMethods !== undefined && typeof openMethods !== "function")
    report(`openMethods must be a function of the method's name, not ${show(openMethods)}`);
  const settings = Object.fromEntries(
    Object.entries(given).filter(([key]) => !PARTS.includes(key)),
  );
  const methods = methodsOf(given.methods, report);
  const definition: ActorDefinition = {
    name,
    behaviour: new ObjectBehaviour(given as BehaviourOptions),
    ...readActorOptions(settings, report),
    methods,
    methodOf: (method) => methods.get(method) ?? openMethod(openMethods, method),
    slots: slotsOf(given.state, report),
    ...handlersIn(given.handlers, report),
    extensions: given.extensions ?? [],
    offers: given.offers ?? [],
  };
  if (problems.length === 0) return definition;
  const text = problems.map((problem) => `\n  ${show(name)}: ${problem}`).join("");
  throw new TroupeError("BAD_DEFINITION", `a behaviour cannot work:${text}`);
}

/** Actors that are objects which a function makes. */
class ObjectBehaviour implements Behaviour {
  readonly #activate: BehaviourOptions["activate"];

  constructor({ activate }: BehaviourOptions) {
    this.#activate = activate;
  }

  activate(_: ActorDefinition, host: ActorHost): object {
    return this.#activate(host);
  }

  invoke(active: object, method: string, args: readonly unknown[]): unknown {
    return (active as ActiveBehaviour).invoke(method, args);
  }

  onActivate(active: object): void | Promise<void> {
    return (active as ActiveBehaviour).onActivate?.();
  }

  onDeactivate(active: object, reason: DeactivationReason): void | Promise<void> {
    return (active as ActiveBehaviour).onDeactivate?.(reason);
  }
}

/** Names that begin with `$` are those of system turns, which no type can take over. */
function openMethod(
  openMethods: BehaviourOptions["openMethods"],
  name: string,
): MethodDefinition | undefined {
  if (openMethods === undefined || methodProblem(name) !== undefined) return undefined;
  const options = openMethods(name);
  return options && methodDefinition(name, options);
}

function methodsOf(given: unknown, report: (text: string) => void): Map<string, MethodDefinition> {
  const methods = new Map<string, MethodDefinition>();
  for (const [name, options] of entriesOf(given, "methods", report)) {
    const problem = methodProblem(name);
    if (problem !== undefined) report(`the method ${show(name)} ${problem}`);
    const flags = readFields(options, `the options of the method ${name}`, MARKS, report);
    const isMore = flags.readonly ?? flags.interleave ?? flags.oneWay ?? flags.idempotent;
    if (flags.stream === true && isMore === true)
      report(`the method ${show(name)} is a stream; leave its other marks out`);
    methods.set(name, methodDefinition(name, flags));
  }
  return methods;
}

function methodProblem(name: string): string | undefined {
  if (name.startsWith("$")) return "begins with $, as only system turns do; rename it";
  if (RESERVED_NAMES.has(name)) return "means something to every object; rename it";
  return nameProblem(name);
}

function methodDefinition(name: string, options: MethodOptions): MethodDefinition {
  return {
    name,
    concurrency: concurrencyOf(options),
    oneWay: options.oneWay === true,
    idempotent: options.idempotent === true,
  };
}

function concurrencyOf({ stream, interleave, readonly }: MethodOptions): Concurrency {
  if (stream === true) return "stream";
  if (interleave === true) return "interleave";
  return readonly === true ? "readonly" : "exclusive";
}

function slotsOf(given: unknown, report: (text: string) => void): SlotDefinition[] {
  return entriesOf(given, "state", report).map(([name, options]) => {
    const problem = nameProblem(name);
    if (problem !== undefined) report(`the slot name ${show(name)} ${problem}`);
    const read = readSlotOptions(options, (text) => report(`the state slot ${name}: ${text}`));
    return { name, ...read };
  });
}

function handlersIn(
  given: unknown,
  report: (text: string) => void,
): Pick<ActorDefinition, "handlers" | "handlerDetails"> {
  const methods = new Map<string, ReadonlyMap<string, string>>();
  const details = new Map<string, ReadonlyMap<string, unknown>>();
  for (const [kind, handlers] of entriesOf(given, "handlers", report)) {
    const read = entriesOf(handlers, `handlers.${kind}`, report).map(([name, handler]) => {
      const options = handlerOptions(handler);
      const problem = nameProblem(name) ?? nameProblem(options.method);
      if (problem !== undefined) report(`the handler of the ${kind} ${show(name)} ${problem}`);
      return { name, method: String(options.method), details: options.details };
    });
    methods.set(kind, new Map(read.map(({ name, method }) => [name, method])));
    details.set(kind, new Map(read.map((handler) => [handler.name, handler.details])));
  }
  return { handlers: methods, handlerDetails: details };
}

function handlerOptions(handler: unknown): { readonly method: unknown; readonly details: unknown } {
  const isObject = typeof handler === "object" && handler !== null;
  return isObject ? (handler as HandlerOptions) : { method: handler, details: undefined };
}

function entriesOf(
  given: unknown,
  what: string,
  report: (text: string) => void,
): [string, unknown][] {
  if (given === undefined) return [];
  if (typeof given === "object" && given !== null && !Array.isArray(given))
    return Object.entries(given);
  report(`${what} must be an object, not ${show(given)}`);
  return [];
}
