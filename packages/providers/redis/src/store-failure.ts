import { messageOf, TroupeError } from "@troupe/core";
import { FORMAT_ERROR } from "./actor-script.ts";

/**
 * What the first word of an error of Redis means, and what helps. Any other error is one of the
 * connection.
 */
const REMEDIES: Readonly<Record<string, string>> = {
  LOADING: "is still loading its data; it will answer when it is done",
  READONLY: "is a read-only replica; give the address of the primary",
  OOM: "has no memory left; raise its maxmemory or free some, and keep maxmemory-policy at noeviction",
  MISCONF: "cannot write to its disk and refuses changes; see its log, and free disk space",
  CLUSTERDOWN: "belongs to a Redis Cluster that is down; see CLUSTER INFO",
  MOVED: "belongs to a Redis Cluster; write its URL as redis+cluster://host:port,host:port",
  ASK: "is moving what was asked for to another node of its cluster; it will answer when that is done",
  TRYAGAIN:
    "is moving what was asked for to another node of its cluster; it will answer when that is done",
  CROSSSLOT: "belongs to a Redis Cluster; write its URL as redis+cluster://host:port,host:port",
  MASTERDOWN: "is a replica that has lost its primary; give the address of the primary",
  NOREPLICAS: "has too few replicas to accept changes (min-replicas-to-write); start them",
  BUSY: "is busy with a script of someone else; see its log",
  NOAUTH: "asks for a password; put it into the URL as redis://user:password@host",
  WRONGPASS: "does not accept the user or password in the URL",
  NOPERM:
    "does not allow its user what is needed; allow @hash @sortedset @scripting @connection +info +scan +pexpire +persist on the keys troupe:*",
  WRONGTYPE: "has other data under Troupe's keys; use another database or cluster name",
  [FORMAT_ERROR]: "has data of a newer version of Troupe; update this silo",
};

const NO_ANSWER =
  "does not answer; check that it runs and can be reached at this address (Troupe goes on by itself when it is back)";

/** Errors that no waiting ends, only another configuration. */
const CONFIGURATION: ReadonlySet<string> = new Set([
  "NOAUTH",
  "WRONGPASS",
  "NOPERM",
  "WRONGTYPE",
  "MOVED",
  FORMAT_ERROR,
]);

/** What Redis says of a command in a script that the user may not run. */
const NOT_ALLOWED = "The user executing the script can't";

function firstWord(message: string): string {
  if (message.includes(NOT_ALLOWED)) return "NOPERM";
  return /^(?:-|ERR )?([A-Z]+)\b/.exec(message)?.[1] ?? "";
}

/** True if the error says that the configuration is wrong, rather than that Redis is away. */
export function isConfigurationError(thrown: unknown): boolean {
  return CONFIGURATION.has(firstWord(messageOf(thrown)));
}

/** True if a node of a Redis Cluster refused the command because another one has its key by now. */
export function hasMoved(thrown: unknown): boolean {
  return firstWord(messageOf(thrown)) === "MOVED";
}

/** What went wrong and what helps, as the end of a message that starts with the server's name. */
export function describeFailure(thrown: unknown): string {
  const message = messageOf(thrown);
  return `${REMEDIES[firstWord(message)] ?? NO_ANSWER} (${message})`;
}

/** The error of a store whose Redis at `label` failed with what was thrown. */
export function storeFailure(label: string, thrown: unknown): TroupeError {
  return new TroupeError("STORE_UNAVAILABLE", `Redis at ${label} ${describeFailure(thrown)}`, {
    cause: thrown,
  });
}
