import { DURATION_FORMS, parseDuration, type Duration } from "@troupe/core";
import type { ActorDefinition, Migrate, Reentrancy } from "./actor-definition.ts";
import { show } from "./names.ts";

/**
 * Options of an actor type. They belong to the type: a class that extends another actor class does
 * not inherit them.
 */
export interface ActorOptions {
  /** How long an actor without calls stays in memory. Default: 15 minutes. */
  readonly idleAfter?: Duration;
  /**
   * Whether a call may come back to an actor that waits for it: never (`none`, it fails with
   * `DEADLOCK`), within the call chain that waits (`chain`, the default), or whenever a turn waits
   * for something (`full`).
   */
  readonly reentrancy?: Reentrancy;
  /** Turns that may wait for one actor; further calls fail with `MAILBOX_FULL`. Default: 1000. */
  readonly mailboxMax?: number;
  /** How long callers wait for a reply unless they say otherwise. Default: 30 seconds. */
  readonly callTimeout?: Duration;
  /**
   * How the owner of an actor is chosen. `hash`, the only way yet, spreads actors evenly over the
   * silos.
   */
  readonly placement?: "hash";
  /** Number of the definition, for deployments that change it. Default: 1. */
  readonly version?: number;
  /**
   * Upgrades what an older version stored, once for each actor, before its first turn: from every
   * stored slot by name and the version that stored them, it returns the slots that get another
   * value. What it returns is stored before the actor answers. A slot that the class no longer has
   * stays in the store. State of a newer version than this one is never touched: the activation
   * fails.
   */
  readonly migrate?: Migrate;
}

/** Options of a durable slot. */
export interface StateOptions {
  /**
   * `turn` (the default) stores a change with the turn that made it, `manual` when the actor calls
   * `save()`.
   */
  readonly save?: "turn" | "manual";
}

type TypeSettings = Pick<
  ActorDefinition,
  "idleAfterMs" | "reentrancy" | "mailboxMax" | "callTimeoutMs" | "version" | "migrate"
>;

const ACTOR_OPTIONS = [
  "idleAfter",
  "reentrancy",
  "mailboxMax",
  "callTimeout",
  "placement",
  "statelessWorker",
  "version",
  "migrate",
];

type Report = (text: string) => void;

/**
 * The fields of an options object whose names are all known. Reports what is wrong, and gives what
 * is left.
 */
export function readFields(
  given: unknown,
  what: string,
  known: readonly string[],
  report: Report,
): Record<string, unknown> {
  if (given === undefined) return {};
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    report(`${what} must be an object, not ${show(given)}`);
    return {};
  }
  for (const key of Object.keys(given)) {
    if (!known.includes(key)) report(`${what} have no ${show(key)}; there are ${known.join(", ")}`);
  }
  return given as Record<string, unknown>;
}

/**
 * The settings of a type, with the default for each option that is absent or wrong; wrong ones are
 * reported.
 */
export function readActorOptions(given: unknown, report: Report): TypeSettings {
  const options = readFields(given, "the options", ACTOR_OPTIONS, report);
  if (options.placement !== undefined && options.placement !== "hash") {
    report(`placement ${show(options.placement)} is not available yet; use "hash" or leave it out`);
  }
  if (options.statelessWorker !== undefined && options.statelessWorker !== false) {
    report("statelessWorker is not available yet; leave it out");
  }
  return {
    idleAfterMs: readDuration("idleAfter", options.idleAfter, 900_000, report),
    reentrancy: readReentrancy(options.reentrancy, report),
    mailboxMax: readPositiveInteger("mailboxMax", options.mailboxMax, 1_000, report),
    callTimeoutMs: readDuration("callTimeout", options.callTimeout, 30_000, report),
    version: readPositiveInteger("version", options.version, 1, report),
    migrate: readMigrate(options.migrate, report),
  };
}

export function readSave(given: unknown, report: Report): "turn" | "manual" {
  const { save } = readFields(given, "the options of a slot", ["save"], report);
  if (save === undefined || save === "turn" || save === "manual") return save ?? "turn";
  report(`save must be "turn" or "manual", not ${show(save)}`);
  return "turn";
}

function readMigrate(value: unknown, report: Report): Migrate | undefined {
  if (value === undefined || typeof value === "function") return value as Migrate | undefined;
  report(`migrate must be a function of the stored slots and their version, not ${show(value)}`);
  return undefined;
}

function readDuration(name: string, value: unknown, fallback: number, report: Report): number {
  if (value === undefined) return fallback;
  const parsed = parseDuration(value);
  if (parsed !== undefined && parsed > 0) return parsed;
  report(`${name} must be a duration above 0 (${DURATION_FORMS}), not ${show(value)}`);
  return fallback;
}

function readPositiveInteger(
  name: string,
  value: unknown,
  fallback: number,
  report: Report,
): number {
  if (value === undefined) return fallback;
  if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
  report(`${name} must be a positive integer, not ${show(value)}`);
  return fallback;
}

function readReentrancy(value: unknown, report: Report): Reentrancy {
  if (value === undefined || value === "none" || value === "chain" || value === "full")
    return value ?? "chain";
  report(`reentrancy must be "none", "chain" or "full", not ${show(value)}`);
  return "chain";
}
