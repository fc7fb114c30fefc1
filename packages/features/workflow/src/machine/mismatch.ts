import type { Command } from "./episode.ts";

/** Where a replay differs from the history. */
export interface Mismatch {
  /** The command's place among those of the episode, from 1 on. */
  readonly position: number;
  /** What is stored there; undefined if nothing is. */
  readonly stored: Command | undefined;
  /** What the code gave; undefined if it gave nothing. */
  readonly seen: Command | undefined;
}

/**
 * The first difference between the commands that are stored for an episode and those that the code
 * gives now. Kinds, names and targets count. Times, values and results do not: those of the history
 * hold.
 */
export function firstMismatch(
  stored: readonly Command[],
  seen: readonly Command[],
): Mismatch | undefined {
  const length = Math.max(stored.length, seen.length);
  for (let index = 0; index < length; index++) {
    const [before, now] = [stored[index], seen[index]];
    if (before === undefined || now === undefined || identityOf(before) !== identityOf(now))
      return { position: index + 1, stored: before, seen: now };
  }
  return undefined;
}

/** A command in words: `run "charge"`. */
export function describeCommand(command: Command | undefined): string {
  if (command === undefined) return "nothing";
  switch (command.kind) {
    case "run":
    case "ask":
    case "send":
    case "event":
    case "on":
    case "child":
    case "start":
    case "patch":
      return `${command.kind} ${JSON.stringify(command.name)}`;
    case "answer":
      return `answer to request ${command.ask}`;
    case "timer":
      return `sleep until ${new Date(command.dueAt).toISOString()}`;
    case "withdraw":
      return `withdraw command ${command.of}`;
    case "status":
    case "complete":
    case "fail":
    case "continue":
    case "cancelled":
      return command.kind;
  }
}

function identityOf(command: Command): string {
  switch (command.kind) {
    case "run":
    case "ask":
    case "send":
    case "event":
    case "on":
    case "child":
    case "start":
    case "patch":
      return `${command.kind} ${command.name}`;
    case "answer":
      return `answer ${command.ask}`;
    case "withdraw":
      return `withdraw ${command.of}`;
    case "timer":
    case "status":
    case "complete":
    case "fail":
    case "continue":
    case "cancelled":
      return command.kind;
  }
}
