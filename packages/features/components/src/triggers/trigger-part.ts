import {
  type FieldChange,
  type Fields,
  type SourceEvent,
  TroupeError,
  withRan,
} from "@troupe/core";
import {
  type DurablePart,
  type PartHost,
  type PartKey,
  partKey,
  type PartState,
} from "@troupe/sdk";
import { handledKey, HandledSources } from "./handled-sources.ts";
import { TRIGGER, triggerName, triggersOf } from "./trigger.ts";
import { triggerEvent } from "./trigger-event.ts";
import { TRIGGER_TURN } from "./trigger-turns.ts";

/** What an actor with triggers has of them. */
class ActorTriggers implements PartState {
  readonly handled: HandledSources;

  constructor(host: PartHost) {
    this.handled = new HandledSources(host);
  }

  load(fields: Fields): void {
    this.handled.load(fields);
  }

  collect(): FieldChange[] {
    return this.handled.collect();
  }

  adopt(): void {
    this.handled.adopt();
  }

  rollback(): void {
    this.handled.rollback();
  }
}

const TRIGGERS: PartKey<ActorTriggers> = partKey("triggers");

/**
 * Hands events of components to actors, and remembers which of them took effect. An actor with
 * triggers is stored, because only then it can remember.
 */
export const triggersPart: DurablePart<ActorTriggers> = {
  key: TRIGGERS,
  prefixes: [HandledSources.prefix],
  isNeededBy: ({ handlers }) => handlers.has(TRIGGER),
  create: (host) => new ActorTriggers(host),
  turns: {
    [TRIGGER_TURN]: (host, [name, event]) => handle(host, String(name), event as SourceEvent),
  },
};

async function handle(host: PartHost, name: string, event: SourceEvent): Promise<void> {
  const trigger = triggersOf(host.definition).find(
    ({ component, method }) => triggerName(component, method) === name,
  );
  // While silos are replaced the definition in force may not have it yet, or not any more.
  if (trigger === undefined)
    throw new TroupeError("NO_SUCH_METHOD", `${host.address.type} has no trigger ${name}`, {
      ran: "no",
      retryable: true,
    });
  const { handled } = host.part(TRIGGERS);
  const key = handledKey(name, event.id);
  if (handled.has(key)) return;
  try {
    await host.invoke(trigger.method, triggerEvent(trigger.component, event, trigger.form));
  } catch (error) {
    // A call that the handler made may not have run. The handler itself has.
    throw error instanceof TroupeError && error.ran === "no" ? withRan(error, "yes") : error;
  }
  // Only now: beside an overlapping turn a handler that throws is not undone, and comes again.
  handled.put(key);
}
