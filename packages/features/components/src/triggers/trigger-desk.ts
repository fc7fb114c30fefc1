import type { SourceEvent, SourceSchedule } from "@troupe/core";
import {
  type ActiveBehaviour,
  type ActorDefinition,
  type ActorHost,
  defineBehaviour,
  type DurablePart,
  type PartHost,
  type PartKey,
  partKey,
  type PartState,
  type ReminderTick,
} from "@troupe/sdk";
import { routeTrigger } from "./route-trigger.ts";
import { type Trigger, triggerName, triggersOf } from "./trigger.ts";
import { ASIDE_TURN, ROUTE_TURN, SCHEDULE_TURN, TRIGGER_TURN } from "./trigger-turns.ts";

/** What the types of desks begin with. */
const DESK_TYPE = "troupe.trigger.";

/** The kind under which the type of desks lists its triggers. */
const DESK_TRIGGER = "trigger-desk";

/** The reminder of a desk, and the method that handles it. */
const TICK = "tick";

const SCHEDULE = "schedule";

/** The type of the desks for the triggers of a type. Silos that host the one host the other. */
export function deskTypeOf(type: string): string {
  return DESK_TYPE + type;
}

/** The desk of a trigger: one for the cluster. */
class Desk implements PartState {
  readonly #host: PartHost;

  constructor(host: PartHost) {
    this.#host = host;
  }

  /** Undefined for a trigger that the type does not have any more. */
  get trigger(): Trigger | undefined {
    const { address, definition } = this.#host;
    return definition.handlerDetails.get(DESK_TRIGGER)?.get(address.id) as Trigger | undefined;
  }

  /** Sends an event to the actor that handles it. Throws if there is none. */
  pass(event: SourceEvent): void {
    const { trigger } = this;
    if (trigger === undefined) return;
    const { type, id } = this.#host.address;
    const to = routeTrigger(type.slice(DESK_TYPE.length), trigger, event);
    this.#host.send(to, { method: TRIGGER_TURN, args: [id, event] });
  }

  /**
   * Takes an event that keeps failing. As a durable send it is tried apart from the others, and
   * then it is a dead letter of the desk. So is one for which no actor is found: it is sent to the
   * desk itself, and fails there.
   */
  putAside(event: SourceEvent): void {
    try {
      this.pass(event);
    } catch {
      this.#host.send(this.#host.address, { method: ROUTE_TURN, args: [event] });
    }
  }

  load(): void {}

  collect(): [] {
    return [];
  }

  adopt(): void {}

  rollback(): void {}
}

const DESK: PartKey<Desk> = partKey("trigger-desk");

/** What desks do besides ticking. */
export const deskPart: DurablePart<Desk> = {
  key: DESK,
  prefixes: [],
  isNeededBy: ({ handlers }) => handlers.has(DESK_TRIGGER),
  create: (host) => new Desk(host),
  turns: {
    [ASIDE_TURN]: (host, [event]) => host.part(DESK).putAside(event as SourceEvent),
    [ROUTE_TURN]: (host, [event]) => host.part(DESK).pass(event as SourceEvent),
    [SCHEDULE_TURN]: (host, [schedule]) => host.invoke(SCHEDULE, schedule),
  },
};

/** The types of the desks for those of these types that have triggers. */
export function deskTypes(definitions: ReadonlyMap<string, ActorDefinition>): ActorDefinition[] {
  return [...definitions.values()].flatMap((definition) => {
    const triggers = triggersOf(definition);
    return triggers.length === 0 ? [] : [deskType(definition.name, triggers)];
  });
}

function deskType(type: string, triggers: readonly Trigger[]): ActorDefinition {
  const handlers = triggers.map((details): [string, { method: string; details: unknown }] => [
    triggerName(details.component, details.method),
    { method: TICK, details },
  ]);
  return defineBehaviour(deskTypeOf(type), {
    access: "internal",
    handlers: { reminder: { [TICK]: TICK }, [DESK_TRIGGER]: Object.fromEntries(handlers) },
    activate: (host) => new ActiveDesk(host),
  });
}

/**
 * Makes the events of a schedule: one for each due time, also for those that passed while no silo
 * ran, and each once for the cluster.
 */
class ActiveDesk implements ActiveBehaviour {
  readonly #host: ActorHost;

  constructor(host: ActorHost) {
    this.#host = host;
  }

  invoke(method: string, [given]: readonly unknown[]): Promise<void> {
    return method === SCHEDULE
      ? this.#follow(given as SourceSchedule)
      : this.#tick(given as ReminderTick);
  }

  async #follow(schedule: SourceSchedule): Promise<void> {
    const { reminders } = this.#host;
    const known = await reminders.get<SourceSchedule>(TICK);
    if (known !== undefined && isSame(known.data, schedule)) return;
    const { cron, everyMs, timezone } = schedule;
    await reminders.set(TICK, {
      ...(cron === undefined ? {} : { cron }),
      ...(everyMs === undefined ? {} : { every: everyMs }),
      ...(timezone === undefined ? {} : { timezone }),
      missed: "all",
      data: schedule,
    });
  }

  async #tick({ dueAt }: ReminderTick): Promise<void> {
    const desk = this.#host.part(DESK);
    if (desk.trigger === undefined) {
      await this.#host.reminders.delete(TICK);
      return;
    }
    const id = new Date(dueAt).toISOString();
    desk.putAside({ id, data: undefined, metadata: { dueAt: id } });
  }
}

function isSame(one: SourceSchedule, other: SourceSchedule): boolean {
  const { cron, everyMs, timezone } = one;
  return cron === other.cron && everyMs === other.everyMs && timezone === other.timezone;
}
