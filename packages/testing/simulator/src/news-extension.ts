import type { Extension, SystemTurn } from "@troupe/sdk";
import { topics } from "@troupe/topics";
import type { Mutation } from "./mutation.ts";

/** What a mutation makes of a system turn of topics. */
type Flaw = (turn: SystemTurn) => SystemTurn;

/** Of the events one of so many comes late. */
const LATE_ONE_OF = 4;

const FLAWS: Partial<Record<Mutation, { readonly turn: string; readonly flaw: Flaw }>> = {
  "news-stored": { turn: "$topicPublish", flaw: storedTwice },
  "news-effect": { turn: "$topicEvent", flaw: forgotten },
  "news-order": { turn: "$topicPublish", flaw: overtaken },
  "news-lost": { turn: "$topicPull", flaw: doneWhenRead },
};

/** Topics as they are, or with one flaw. */
export function newsExtension(mutation: Mutation | undefined): Extension {
  const extension = topics();
  const flawed = mutation === undefined ? undefined : FLAWS[mutation];
  if (flawed === undefined) return extension;
  return {
    ...extension,
    parts: (silo) =>
      (extension.parts?.(silo) ?? []).map((part) => {
        const turn = part.turns?.[flawed.turn];
        if (turn === undefined) return part;
        return { ...part, turns: { ...part.turns, [flawed.turn]: flawed.flaw(turn) } };
      }),
  };
}

/** A partition stores each event a second time, under another id. */
function storedTwice(turn: SystemTurn): SystemTurn {
  return async (host, [event]) => {
    await turn(host, [event]);
    const given = event as { readonly id: string };
    return await turn(host, [{ ...given, id: `${given.id}-again` }]);
  };
}

/** An actor does not remember which events it has handled, but only the durable sends. */
function forgotten(turn: SystemTurn): SystemTurn {
  return (host, [group, event]) => turn(host, [group, event]);
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
