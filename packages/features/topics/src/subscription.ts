import { type Duration, shownValue, TroupeError } from "@troupe/core";
import {
  type ActorClass,
  type ActorDefinition,
  type HandlerOptions,
  handlersOf,
  noteHandler,
} from "@troupe/sdk";
import { fieldsOf, isTopic, positiveDuration, type Topic, wholeNumber } from "./topic.ts";
import type { TopicEvent } from "./topic-event.ts";

/** Where a new group begins to read: at the oldest event that is kept, or behind the newest. */
export type From = "earliest" | "latest";

/** What a method that subscribes says of what it wants to get, and how. */
export interface SubscribeOptions<Data = unknown> {
  /** The id of the actor that handles the event. Default: the event's key. */
  readonly id?: (event: TopicEvent<Data>) => string;
  /** Events for which this gives false are passed over. */
  readonly when?: (event: TopicEvent<Data>) => boolean;
  /**
   * The name under which the topic knows how far it has been read. Default: `<Type>.<method>`.
   */
  readonly group?: string;
  /** For a group that the topic does not know yet. Default: `"latest"`. */
  readonly from?: From;
  readonly retry?: RetryOptions;
  /**
   * Events of one partition that are handled at the same time, 1 to 256. Default: 64, or `bulk.max`
   * if that is more.
   */
  readonly concurrency?: number;
  /** Where an event goes that is given up. Default: to the dead events of the group. */
  readonly deadLetter?: Topic;
  /** Hands the method several events of its actor at once, as an array, in one turn. */
  readonly bulk?: BulkOptions;
}

/** How events are collected for one turn of their actor. */
export interface BulkOptions {
  /** Events in one turn, 1 to 256. Default: 100. */
  readonly max?: number;
  /** How long the first of them waits for others. Default: "100ms". */
  readonly within?: Duration;
}

/** The same in milliseconds. */
export interface Bulk {
  readonly max: number;
  readonly withinMs: number;
}

/** What happens with an event whose handler throws. */
export interface RetryOptions {
  /** So often the handler runs before the event goes to the dead letters. 1 to 100. Default: 5. */
  readonly attempts?: number;
  /** Before the second attempt; twice as long before each further one, 5 minutes at most. */
  readonly backoff?: Duration;
}

/** A subscription, as it was checked. */
export interface Subscription {
  readonly topic: Topic;
  readonly idOf: ((event: TopicEvent) => string) | undefined;
  readonly when: ((event: TopicEvent) => boolean) | undefined;
  readonly group: string | undefined;
  readonly from: From;
  readonly attempts: number;
  readonly backoffMs: number;
  readonly concurrency: number;
  readonly deadLetter: Topic | undefined;
  readonly bulk: Bulk | undefined;
}

/** A subscription of an actor type, with its group and the method that handles the events. */
export interface TypeSubscription extends Subscription {
  readonly group: string;
  readonly method: string;
  /** True if any instance of a stateless worker handles the events. */
  readonly isOfWorker: boolean;
}

/** The kind of the handlers of events. */
export const SUBSCRIPTION = "subscription";

const KNOWN = ["id", "when", "group", "from", "retry", "concurrency", "deadLetter", "bulk"];

/** Bytes of a group's name. Addresses of actors contain it. */
const GROUP_MAX_BYTES = 400;

const CONCURRENCY = { min: 1, max: 256, fallback: 64 };
const ATTEMPTS = { min: 1, max: 100, fallback: 5 };
const BACKOFF_MS = 1_000;
const BULK_MAX = { min: 1, max: 256, fallback: 100 };
const BULK_WITHIN_MS = 100;

/** Checks a subscription. Reports what is wrong, and gives what is left. */
export function readSubscription(
  topic: unknown,
  options: unknown,
  report: (text: string) => void,
): Subscription {
  if (!isTopic(topic)) report(`the topic must be what topic() gave, not ${shownValue(topic)}`);
  const given = fieldsOf(options, "the options of a subscription", KNOWN, report);
  const { id, when, group, from = "latest", retry, deadLetter } = given;
  const bulk = readBulk(given.bulk, report);
  if (bulk !== undefined && isTopic(topic) && topic.pubsub !== undefined)
    report(`bulk is only for topics that the cluster keeps, and ${topic.name} is on a broker`);
  for (const [name, value] of Object.entries({ id, when })) {
    if (value !== undefined && typeof value !== "function")
      report(`${name} must be a function of the event, not ${shownValue(value)}`);
  }
  if (group !== undefined && !isGroupName(group)) report(`group ${groupProblem(group)}`);
  if (from !== "earliest" && from !== "latest")
    report(`from must be "earliest" or "latest", not ${shownValue(from)}`);
  const tries = fieldsOf(retry, "the options of retry", ["attempts", "backoff"], report);
  return {
    topic: topic as Topic,
    idOf: id as Subscription["idOf"],
    when: when as Subscription["when"],
    group: group as string | undefined,
    from: from as From,
    attempts: wholeNumber("retry.attempts", tries.attempts, ATTEMPTS, report),
    backoffMs: positiveDuration("retry.backoff", tries.backoff, BACKOFF_MS, report),
    concurrency: readConcurrency(given.concurrency, bulk, report),
    deadLetter: readDeadLetter(deadLetter, topic, report),
    bulk,
  };
}

type Report = (text: string) => void;

function readBulk(given: unknown, report: Report): Bulk | undefined {
  if (given === undefined) return undefined;
  const { max, within } = fieldsOf(given, "the options of bulk", ["max", "within"], report);
  return {
    max: wholeNumber("bulk.max", max, BULK_MAX, report),
    withinMs: positiveDuration("bulk.within", within, BULK_WITHIN_MS, report),
  };
}

function readConcurrency(given: unknown, bulk: Bulk | undefined, report: Report): number {
  const least = bulk?.max ?? 1;
  const fallback = Math.max(CONCURRENCY.fallback, least);
  const concurrency = wholeNumber("concurrency", given, { ...CONCURRENCY, fallback }, report);
  if (concurrency < least)
    report(`concurrency ${concurrency} lets no ${least} events in at once, as bulk.max says`);
  return concurrency;
}

function readDeadLetter(given: unknown, topic: unknown, report: Report): Topic | undefined {
  if (given === undefined) return undefined;
  if (!isTopic(given)) report(`deadLetter must be what topic() gave, not ${shownValue(given)}`);
  else if (isTopic(topic) && topic.name === given.name)
    report(`deadLetter must be another topic than ${topic.name}, or its events come back`);
  else return given;
  return undefined;
}

/** True for what can name a group. A slash would end it in an address. */
export function isGroupName(name: unknown): name is string {
  if (typeof name !== "string" || name === "" || !name.isWellFormed()) return false;
  return !name.includes("/") && Buffer.byteLength(name) <= GROUP_MAX_BYTES;
}

/** What a message says of a wrong name. */
export function groupProblem(name: unknown): string {
  return `must be a text of 1 to ${GROUP_MAX_BYTES} bytes without a slash, not ${shownValue(name)}`;
}

/** Tells a subscription from the others of its type: a method may have several topics. */
export function handlerNameOf(topic: unknown, method: string): string {
  return `${isTopic(topic) ? topic.name : "?"} ${method}`;
}

/** A topic to subscribe to, with the options, for the forms without a decorator. */
export interface SubscribeTo {
  readonly topic: Topic;
  readonly options: unknown;
}

/** A topic with the options of a subscription, for `defineSubscriptions`. */
export function to<Data>(topic: Topic<Data>, options: SubscribeOptions<Data> = {}): SubscribeTo {
  return { topic, options };
}

/**
 * Says without decorators which methods of a class subscribe to what, and returns the class. As
 * with `@subscribe`, a mistake throws `BAD_DEFINITION` when the class is first used.
 *
 * @example
 * ```ts
 * defineActor(Order, { name: "Order", state: ["paid"] });
 * defineSubscriptions(Order, { onPayment: to(payments, { id: (event) => event.data.orderId }) });
 * ```
 */
export function defineSubscriptions<C extends ActorClass>(
  actorClass: C,
  methods: Readonly<Record<string, SubscribeTo>>,
): C {
  for (const [method, subscribed] of Object.entries(methods)) {
    const handler = describeSubscription(subscribed, method);
    noteHandler(actorClass, method, handler, defineSubscriptions);
  }
  return actorClass;
}

/**
 * The same for `defineBehaviour`, whose option `handlers` takes the result. Throws `BAD_DEFINITION`
 * with everything that is wrong.
 *
 * @example
 * ```ts
 * defineBehaviour("Order", { handlers: subscriptionHandlers({ onPayment: to(payments) }), … });
 * ```
 */
export function subscriptionHandlers(
  methods: Readonly<Record<string, SubscribeTo>>,
): Readonly<Record<string, Readonly<Record<string, HandlerOptions>>>> {
  const described = Object.entries(methods).map(([method, subscribed]) => ({
    method,
    ...describeSubscription(subscribed, method),
  }));
  const problems = described.flatMap((one) => one.problems.map((text) => `\n  ${text}`));
  if (problems.length > 0)
    throw new TroupeError("BAD_DEFINITION", `subscriptions cannot work:${problems.join("")}`);
  const handlers = described.map(({ name, method, details }) => [name, { method, details }]);
  return { [SUBSCRIPTION]: Object.fromEntries(handlers) as Record<string, HandlerOptions> };
}

/** The handler that a definition lists for a subscription. */
export function describeSubscription(
  { topic, options }: { readonly topic: unknown; readonly options: unknown },
  method: string,
): {
  kind: string;
  name: string;
  details: Subscription;
  isStateless: true;
  problems: string[];
} {
  const problems: string[] = [];
  const report = (text: string): void =>
    void problems.push(`the subscription of ${method}(): ${text}`);
  const details = readSubscription(topic, options, report);
  if (details.group === undefined && !isGroupName(method))
    report("its group cannot be named after the method, so give it one");
  const name = handlerNameOf(topic, method);
  return { kind: SUBSCRIPTION, name, details, isStateless: true, problems };
}

/** The subscriptions of an actor type. */
export function subscriptionsOf(definition: ActorDefinition): TypeSubscription[] {
  const details = definition.handlerDetails.get(SUBSCRIPTION);
  return [...handlersOf(definition, SUBSCRIPTION)].map(([name, method]) => {
    const subscription = details?.get(name) as Subscription;
    if (definition.worker !== undefined && subscription.idOf !== undefined) {
      const message = `${definition.name}.${method}() is a method of a stateless worker, so no id names one; leave id out`;
      throw new TroupeError("BAD_DEFINITION", message);
    }
    return {
      ...subscription,
      method,
      group: subscription.group ?? `${definition.name}.${method}`,
      isOfWorker: definition.worker !== undefined,
    };
  });
}
