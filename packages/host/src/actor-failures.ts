import { turnInName } from "@troupe/client";
import { formatAddress, type Logger, messageOf, stackOf } from "@troupe/core";
import { inspect } from "node:util";

/**
 * Keeps what fails in an actor's code, and that nobody handles, from ending the process of all
 * actors: a call that nobody awaits, a floating promise, a timer that throws.
 *
 * FAIL-1. Such a failure is logged with the actor and the method in whose name it happened, and
 *         nothing else comes of it. The turn itself ends as it would have.
 * FAIL-2. A failure that belongs to no actor ends the process as if this were not here: unless
 *         somebody else listens for it, or Node.js was told otherwise on its command line.
 */

/** The logs of the silos in this process; the first one tells. */
const logs = new Set<Logger>();

/** Starts to keep failures of actors from ending the process. Returns what ends that. */
export function keepFromFailing(logger: Logger): () => void {
  if (logs.size === 0) {
    process.on("unhandledRejection", onRejection);
    process.on("uncaughtException", onException);
  }
  logs.add(logger);
  return () => {
    if (!logs.delete(logger) || logs.size > 0) return;
    process.off("unhandledRejection", onRejection);
    process.off("uncaughtException", onException);
  };
}

function onRejection(reason: unknown): void {
  if (tell(reason, "a promise that nobody awaits was rejected in an actor")) return;
  if (process.listenerCount("unhandledRejection") > 1) return;
  const mode = rejectionMode();
  if (mode === "none") return;
  if (mode === "warn") process.emitWarning(messageOf(reason), "UnhandledPromiseRejectionWarning");
  else end(reason);
}

function onException(error: unknown): void {
  if (tell(error, "an actor's code threw where nobody catches, such as in a timer")) return;
  if (process.listenerCount("uncaughtException") === 1) end(error);
}

/** Logs the failure if it happened in the name of an actor. */
function tell(failure: unknown, message: string): boolean {
  const turn = turnInName();
  if (turn === undefined) return false;
  const actor = formatAddress(turn.address);
  const fields = {
    actor,
    method: turn.method,
    reason: messageOf(failure),
    stack: stackOf(failure),
  };
  for (const logger of [...logs].slice(0, 1)) {
    try {
      logger.error(fields, message);
    } catch {
      // A log of the user's that throws must not end the process either.
    }
  }
  return true;
}

/** Ends the process as Node.js does by default. */
function end(failure: unknown): void {
  const text = stackOf(failure) ?? inspect(failure, { customInspect: false });
  process.stderr.write(`Uncaught ${text}\n\nNode.js ${process.version}\n`);
  process.exit(1);
}

/** What Node.js was told to do with rejections that nobody handles. */
function rejectionMode(): "none" | "warn" | "throw" {
  const told = [process.env.NODE_OPTIONS ?? "", ...process.execArgv].join(" ");
  const mode = /--unhandled-rejections[= ](\S+)/.exec(told)?.[1] ?? "throw";
  if (mode === "none") return "none";
  return mode.startsWith("warn") ? "warn" : "throw";
}
