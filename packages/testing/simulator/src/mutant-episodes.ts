import { type Commit, packField, unpackField } from "@troupe/core";
import type { Episode } from "@troupe/workflow";

/** The commit with other episodes of runs. */
export function episodesChanged(commit: Commit, change: (episode: Episode) => Episode): Commit {
  const set = Array.from(commit.set, ([field, bytes]): [string, Uint8Array] => {
    if (!field.startsWith("h:")) return [field, bytes];
    return [field, packField(change(unpackField(bytes) as Episode))];
  });
  return { ...commit, set: new Map(set) };
}

/** A step came to something else. */
export function withOtherResult(episode: Episode): Episode {
  const { input } = episode;
  if (input.kind !== "outcome" || input.settled.kind !== "value") return episode;
  const { value } = input.settled;
  if (typeof value !== "string") return episode;
  return { ...episode, input: { ...input, settled: { kind: "value", value: `${value}0` } } };
}

/** Nothing came over from the round before. */
export function withoutEvents(episode: Episode): Episode {
  const { input } = episode;
  return input.kind === "started" ? { ...episode, input: { ...input, events: [] } } : episode;
}
