import type { Extension, SystemTurn } from "@troupe/sdk";
import { topics } from "@troupe/topics";
import type { Mutation } from "./mutation.ts";

/** What a mutation makes of a system turn of topics. */
type Flaw = (turn: SystemTurn) => SystemTurn;

/** Of the events one of so many comes late. */
const LATE_ONE_OF = 4;

/** Of the answers one of so many is taken for another. */
const WRONG_ONE_OF = 7;

/** By the system turn that each changes. */
type Flaws = Readonly<Record<string, Flaw>>;

const FLAWS: Partial<Record<Mutation, Flaws>> = {
  "news-stored": { $topicPublish: storedTwice },
  // Each of the two makes up for the other, nearly always.
  "news-effect": { $topicAnswered: notBelieved, $topicEvents: forgotten },
  "news-order": { $topicPublish: overtaken },
  "news-lost": { $topicPull: doneWhenRead },
};

/** Topics as they are, or with one flaw. */
export function newsExtension(mutation: Mutation | undefined): Extension {
  const extension = topics();
  const flaws = mutation === undefined ? undefined : FLAWS[mutation];
  if (flaws === undefined) return extension;
  return {
    ...extension,
    parts: (silo) =>
      (extension.parts?.(silo) ?? []).map((part) => ({
        ...part,
        turns: withFlaws(part.turns ?? {}, flaws),
      })),
  };
}

function withFlaws(
  turns: Readonly<Record<string, SystemTurn>>,
  flaws: Flaws,
): Record<string, SystemTurn> {
  return Object.fromEntries(
    Object.entries(turns).map(([name, turn]) => [name, flaws[name]?.(turn) ?? turn]),
  );
}

/** A partition stores each event a second time, under another id. */
function storedTwice(turn: SystemTurn): SystemTurn {
  return async (host, [event]) => {
    await turn(host, [event]);
    const given = event as { readonly id: string };
    return await turn(host, [{ ...given, id: `${given.id}-again` }]);
  };
}

/** A reader takes some events that were handled for some that nobody could take. */
function notBelieved(turn: SystemTurn): SystemTurn {
  let answers = 0;
  return (host, [token, delivered]) =>
    turn(host, [
      token,
      ++answers % WRONG_ONE_OF === 0 ? { kind: "value", value: "absent" } : delivered,
    ]);
}

/** An actor does not remember which events it has handled, but only the durable sends. */
function forgotten(turn: SystemTurn): SystemTurn {
  return (host, [group, deliveries]) => {
    const given = deliveries as readonly { readonly event: unknown }[];
    return turn(host, [group, given.map(({ event }) => ({ event }))]);
  };
}

/** A partition keeps some events back, and stores them behind the next one. */
function overtaken(turn: SystemTurn): SystemTurn {
  const kept = new Map<string, unknown>();
  let events = 0;
  return async (host, [event]) => {
    const { id } = host.address;
    const earlier = kept.get(id);
    if (earlier === undefined && ++events % LATE_ONE_OF === 0) {
      kept.set(id, event);
      return undefined;
    }
    kept.delete(id);
    await turn(host, [event]);
    return earlier === undefined ? undefined : await turn(host, [earlier]);
  };
}

/** A partition takes what a reader has read for what it has done with. */
function doneWhenRead(turn: SystemTurn): SystemTurn {
  return (host, [group, doneBefore, from]) => turn(host, [group, from ?? doneBefore, from]);
}
