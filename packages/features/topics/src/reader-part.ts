import {
  type ActorDefinition,
  defineBehaviour,
  type DurablePart,
  type PartHost,
  type PartKey,
  partKey,
  type SiloHost,
} from "@troupe/sdk";
import { TroupeError } from "@troupe/core";
import type { Pulled } from "./partition.ts";
import { Reader, readerEntry } from "./reader.ts";
import { subscriptionsOf, type TypeSubscription } from "./subscription.ts";
import { parseReader, readerTypeOf } from "./topic-addresses.ts";
import {
  ANSWERED_TURN,
  DEAD_TURN,
  DROP_DEAD_TURN,
  LOOK_TURN,
  PULLED_TURN,
  RESEND_DEAD_TURN,
  RETRY_TURN,
  WAKE_TURN,
} from "./topic-turns.ts";

/** The kind under which the type of readers lists the groups that it reads for. */
const GROUP = "topic-group";

export const READER: PartKey<Reader> = partKey("topic-reader");

/** What readers store: how far they have come, and what they gave up. */
export function readerPart(silo: SiloHost): DurablePart<Reader> {
  return {
    key: READER,
    prefixes: Reader.prefixes,
    isNeededBy: ({ handlers }) => handlers.has(GROUP),
    create: (host) => new Reader(host, silo, subscriptionFor(host)),
    entryOf: readerEntry,
    turns: {
      [WAKE_TURN]: (host, [next]) => host.part(READER).wake(Number(next)),
      [PULLED_TURN]: (host, [pulled, doneBefore]) =>
        host.part(READER).pulled(pulled as Pulled | undefined, doneBefore as number | undefined),
      [RETRY_TURN]: (host) => host.part(READER).dispatch(),
      [ANSWERED_TURN]: (host, [token, delivered]) =>
        host
          .part(READER)
          .answered(
            token as Parameters<Reader["answered"]>[0],
            delivered as Parameters<Reader["answered"]>[1],
          ),
      [LOOK_TURN]: (host, [tag, dueAt]) => look(host, String(tag), Number(dueAt)),
      [DEAD_TURN]: (host) => host.part(READER).dead.all,
      [RESEND_DEAD_TURN]: (host, [seq]) => host.part(READER).resend(Number(seq)),
      [DROP_DEAD_TURN]: (host, [seq]) => host.part(READER).dead.drop(Number(seq)),
    },
    operatorTurns: {
      [DEAD_TURN]: "looks",
      [RESEND_DEAD_TURN]: "changes",
      [DROP_DEAD_TURN]: "changes",
    },
  };
}

/** The types of the actors that read for the subscribers among these types. */
export function readerTypes(definitions: ReadonlyMap<string, ActorDefinition>): ActorDefinition[] {
  return [...definitions.values()].flatMap((definition) => {
    const subscriptions = subscriptionsOf(definition);
    return subscriptions.length === 0 ? [] : [readerType(definition.name, subscriptions)];
  });
}

/** Nobody calls a reader: it lives of system turns. */
function readerType(type: string, subscriptions: readonly TypeSubscription[]): ActorDefinition {
  const groups = new Map<string, TypeSubscription>();
  for (const subscription of subscriptions) {
    const { group, topic } = subscription;
    const key = groupKey(topic.name, group);
    if (groups.has(key)) {
      const message = `${type} subscribes twice to ${topic.name} as the group ${group}; give one of the two a group of its own`;
      throw new TroupeError("BAD_DEFINITION", message);
    }
    groups.set(key, subscription);
  }
  const handlers = [...groups].map(([key, details]) => [key, { method: details.method, details }]);
  return defineBehaviour(readerTypeOf(type), {
    access: "internal",
    handlers: {
      [GROUP]: Object.fromEntries(handlers) as Record<string, { method: string; details: unknown }>,
    },
    activate: () => ({ invoke: () => undefined }),
  });
}

function groupKey(topic: string, group: string): string {
  return `${topic} ${group}`;
}

function subscriptionFor({ address, definition }: PartHost): TypeSubscription | undefined {
  const { topic, group } = parseReader(address);
  const details = definition.handlerDetails.get(GROUP);
  return details?.get(groupKey(topic, group)) as TypeSubscription | undefined;
}

/** It goes on by itself since it was loaded. An entry for nothing goes away. */
function look(host: PartHost, tag: string, dueAt: number): void {
  const reader = host.part(READER);
  if (reader.adoptedTag === tag) return;
  host.afterStored((failure) => {
    if (failure !== undefined || reader.adoptedTag === tag) return;
    host.forget([{ kind: "awake", name: LOOK_TURN, dueAt, tag }]);
  });
}
