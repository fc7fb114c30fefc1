import { type Duration, DURATION_FORMS, parseDuration, shownValue } from "@troupe/core";
import {
  type ActorClass,
  type ActorDefinition,
  handlerDecorator,
  handlersOf,
  type MethodDecorator,
  noteHandler,
} from "@troupe/sdk";
import { DATA_FORMS, type DataForm, type TriggerEvent } from "./trigger-event.ts";

/** What a method says of the events that it wants, and how. */
export interface TriggerOptions<Data = unknown> {
  /** The id of the actor that handles an event: of all events, or by the event. */
  readonly id: string | ((event: TriggerEvent<Data>) => string);
  /** What the data of an event is. Default: `"json"`. */
  readonly data?: DataForm;
  /** Events that one silo handles at the same time, 1 to 256. Default: 64. */
  readonly concurrency?: number;
  readonly retry?: TriggerRetry;
}

/** What happens with an event whose handler throws. */
export interface TriggerRetry {
  /** So often the handler runs before the event is put aside. 1 to 100. Default: 5. */
  readonly attempts?: number;
  /** Before the second attempt; twice as long before each further one. Default: "1s". */
  readonly backoff?: Duration;
}

/** A trigger, as it was checked. */
export interface Trigger {
  readonly component: string;
  readonly method: string;
  readonly idOf: (event: TriggerEvent) => string;
  readonly form: DataForm;
  readonly concurrency: number;
  readonly attempts: number;
  readonly backoffMs: number;
}

/** The kind of the handlers of what components bring in. */
export const TRIGGER = "trigger";

const CONCURRENCY = { min: 1, max: 256, fallback: 64 };
const ATTEMPTS = { min: 1, max: 100, fallback: 5 };
const BACKOFF_MS = 1_000;
const KNOWN = ["id", "data", "concurrency", "retry"];
const KNOWN_OF_RETRY = ["attempts", "backoff"];

/** Tells a trigger from the others of its type. Names of components have no slash. */
export function triggerName(component: string, method: string): string {
  return `${component}/${method}`;
}

/**
 * The method handles what a component brings in: each event in a turn of the actor that `id` names,
 * with one effect. The source is told that the event is done after the turn is stored. If the
 * method keeps throwing, the event is put aside among dead letters, and the others go on.
 *
 * The method cannot be called through a reference. Every silo that hosts the type needs the
 * component.
 *
 * @example
 * ```ts
 * @trigger("invoices", { id: (event) => event.data.customer })
 * async onInvoice(event: TriggerEvent<Invoice>): Promise<void> {
 *   this.owed += event.data.amount;
 * }
 * ```
 */
export function trigger<Data = unknown>(
  component: string,
  options: TriggerOptions<Data>,
): MethodDecorator<(event: TriggerEvent<Data>) => unknown>;
export function trigger(...args: readonly unknown[]): unknown {
  const [component, options] = args;
  return handlerDecorator({
    factory: trigger,
    args,
    describe: (method) => describeTrigger(component, options, method),
  });
}

/**
 * Says the same without decorators, for methods by their names, and returns the class.
 *
 * @example
 * ```ts
 * defineTriggers(Customer, { onInvoice: ["invoices", { id: (event) => event.data.customer }] });
 * ```
 */
export function defineTriggers<C extends ActorClass>(
  actorClass: C,
  methods: Readonly<Record<string, readonly [component: string, options: TriggerOptions<never>]>>,
): C {
  for (const [method, [component, options]] of Object.entries(methods))
    noteHandler(actorClass, method, describeTrigger(component, options, method), defineTriggers);
  return actorClass;
}

/** The triggers of an actor type. */
export function triggersOf(definition: ActorDefinition): readonly Trigger[] {
  const details = definition.handlerDetails.get(TRIGGER);
  // Only `describeTrigger` writes the details of this kind.
  return Array.from(
    handlersOf(definition, TRIGGER).keys(),
    (name) => details?.get(name) as Trigger,
  );
}

interface Described {
  readonly kind: string;
  readonly name: string;
  readonly details: Trigger;
  readonly problems: readonly string[];
}

function describeTrigger(component: unknown, options: unknown, method: string): Described {
  const problems: string[] = [];
  const report = (text: string): void => void problems.push(`the trigger of ${method}(): ${text}`);
  if (typeof component !== "string" || component === "")
    report(`give the name of a component, not ${shownValue(component)}`);
  const { id, data = "json", concurrency, retry } = fieldsOf(options, KNOWN, report);
  if (typeof id !== "string" && typeof id !== "function")
    report(`id must be the id of an actor or a function of the event, not ${shownValue(id)}`);
  if (!DATA_FORMS.some((form) => form === data))
    report(`data must be ${DATA_FORMS.join(", ")}, not ${shownValue(data)}`);
  const { attempts, backoff } = fieldsOf(retry, KNOWN_OF_RETRY, report);
  const details: Trigger = {
    component: String(component),
    method,
    idOf: typeof id === "function" ? (id as Trigger["idOf"]) : () => String(id),
    form: data as DataForm,
    concurrency: wholeNumber(concurrency, "concurrency", CONCURRENCY, report),
    attempts: wholeNumber(attempts, "retry.attempts", ATTEMPTS, report),
    backoffMs: duration(backoff, "retry.backoff", report),
  };
  return { kind: TRIGGER, name: triggerName(details.component, method), details, problems };
}

type Report = (text: string) => void;

function fieldsOf(
  given: unknown,
  known: readonly string[],
  report: Report,
): Readonly<Record<string, unknown>> {
  if (given === undefined) return {};
  if (typeof given !== "object" || given === null) {
    report(`the options must be an object, not ${shownValue(given)}`);
    return {};
  }
  for (const name of Object.keys(given))
    if (!known.includes(name)) report(`there is no option ${name}; there are ${known.join(", ")}`);
  return { ...given };
}

function wholeNumber(
  given: unknown,
  name: string,
  { min, max, fallback }: typeof CONCURRENCY,
  report: Report,
): number {
  if (given === undefined) return fallback;
  const isRight = typeof given === "number" && Number.isSafeInteger(given);
  if (isRight && given >= min && given <= max) return given;
  report(`${name} must be a whole number from ${min} to ${max}, not ${shownValue(given)}`);
  return fallback;
}

function duration(given: unknown, name: string, report: Report): number {
  if (given === undefined) return BACKOFF_MS;
  const parsed = parseDuration(given);
  if (parsed !== undefined && parsed > 0) return parsed;
  report(`${name} must be a duration above 0 (${DURATION_FORMS}), not ${shownValue(given)}`);
  return BACKOFF_MS;
}
