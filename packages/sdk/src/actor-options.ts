import {
  closestName,
  DURATION_FORMS,
  parseDuration,
  type Duration,
  EVEN_PLACEMENT,
  type TypePlacement,
} from "@troupe/core";
import type {
  Access,
  ActorDefinition,
  Migrate,
  Reentrancy,
  WorkerDefinition,
  SlotDefinition,
} from "./actor-definition.ts";
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
   * How the owner of an actor is chosen. `"hash"`, the default, spreads actors evenly over the
   * silos that host the type.
   */
  readonly placement?: "hash" | PlacementOptions;
  /**
   * `"internal"`: only other actors call it, and operators. A client gets `FORBIDDEN`. Default:
   * `"public"`.
   */
  readonly access?: Access;
  /**
   * Makes the type a stateless worker: its calls go to `worker(Type)` and are served by any silo
   * that hosts it, best by the caller's own. It has no state, no reminders and no id that matters.
   * Calls beyond `perSilo` wait, at most `mailboxMax` on a silo; then they fail with `OVERLOADED`.
   * Default: false.
   */
  readonly statelessWorker?: boolean | WorkerOptions;
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

/** Options of a stateless worker. */
export interface WorkerOptions {
  /** Calls that run at the same time on one silo. Default: 64. */
  readonly perSilo?: number;
}

/** Where the actors of a type may live, and which of them live together. */
export interface PlacementOptions {
  /**
   * Only silos that have all of these labels own actors of the type. While there is none, calls
   * fail with `NO_SUITABLE_SILO`.
   */
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * `"prefix"`: actors whose ids are the same up to the first separator live on one silo together
   * (`room-7/alice` and `room-7/bob`). So do those of different types, if the types are placed in
   * the same way and hosted by the same silos. Default: `"id"`, each actor for itself.
   */
  readonly by?: "id" | "prefix";
  /** What ends the prefix of an id; with `by: "prefix"` only. Default: `"/"`. */
  readonly separator?: string;
}

/** Options of a durable slot. */
export interface StateOptions {
  /**
   * `turn` (the default) stores a change with the turn that made it, `manual` when the actor calls
   * `save()`.
   */
  readonly save?: "turn" | "manual";
  /**
   * The value is frozen, with all that lies in it, and changes only by assigning another one. So
   * the silo need not look for changes within it: a turn that reads it costs nothing, however large
   * it is. For numbers, texts, and plain objects and arrays of such. Default: false.
   */
  readonly frozen?: boolean;
}

type TypeSettings = Pick<
  ActorDefinition,
  | "idleAfterMs"
  | "reentrancy"
  | "mailboxMax"
  | "callTimeoutMs"
  | "version"
  | "migrate"
  | "placement"
  | "access"
  | "worker"
>;

const PER_SILO = 64;

const ACTOR_OPTIONS = [
  "idleAfter",
  "reentrancy",
  "mailboxMax",
  "callTimeout",
  "placement",
  "access",
  "statelessWorker",
  "version",
  "migrate",
];

const PLACEMENT = ["labels", "by", "separator"];

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
    if (known.includes(key)) continue;
    const meant = closestName(key, known);
    const guess = meant === undefined ? "" : `; did you mean ${meant}?`;
    report(`${what} have no ${show(key)}; there are ${known.join(", ")}${guess}`);
  }
  return given as Record<string, unknown>;
}

/**
 * The settings of a type, with the default for each option that is absent or wrong; wrong ones are
 * reported. `beside` names what else could have been said in their place.
 */
export function readActorOptions(
  given: unknown,
  report: Report,
  beside: readonly string[] = [],
): TypeSettings {
  const options = readFields(given, "the options", [...beside, ...ACTOR_OPTIONS], report);
  const worker = readWorker(options.statelessWorker, report);
  const placement = readPlacement(options.placement, report);
  if (worker !== undefined && placement.separator !== undefined)
    report(`a stateless worker has no ids that could be placed by their prefix; leave by out`);
  return {
    idleAfterMs: readDuration("idleAfter", options.idleAfter, 900_000, report),
    reentrancy: readReentrancy(options.reentrancy, report),
    mailboxMax: readPositiveInteger("mailboxMax", options.mailboxMax, 1_000, report),
    callTimeoutMs: readDuration("callTimeout", options.callTimeout, 30_000, report),
    version: readPositiveInteger("version", options.version, 1, report),
    migrate: readMigrate(options.migrate, report),
    placement: worker === undefined ? placement : { ...placement, anywhere: true },
    access: readAccess(options.access, report),
    worker,
  };
}

function readAccess(given: unknown, report: Report): Access {
  if (given === undefined || given === "public" || given === "internal") return given ?? "public";
  report(`access must be "public" or "internal", not ${show(given)}`);
  return "public";
}

function readWorker(given: unknown, report: Report): WorkerDefinition | undefined {
  if (given === undefined || given === false) return undefined;
  if (given === true) return { perSilo: PER_SILO };
  const { perSilo } = readFields(given, "the options of statelessWorker", ["perSilo"], report);
  return { perSilo: readPositiveInteger("perSilo", perSilo, PER_SILO, report) };
}

/** What the options of a slot say, with what is meant by those that are not there. */
export function readSlotOptions(given: unknown, report: Report): Omit<SlotDefinition, "name"> {
  const fields = readFields(given, "the options of a slot", ["save", "frozen"], report);
  const { save = "turn", frozen = false } = fields;
  const isSave = save === "turn" || save === "manual";
  if (!isSave) report(`save must be "turn" or "manual", not ${show(save)}`);
  if (typeof frozen !== "boolean") report(`frozen must be true or false, not ${show(frozen)}`);
  return { save: isSave ? save : "turn", isFrozen: frozen === true };
}

function readPlacement(given: unknown, report: Report): TypePlacement {
  if (given === undefined || given === "hash") return EVEN_PLACEMENT;
  if (typeof given !== "object") {
    report(`placement must be "hash" or an object of options, not ${show(given)}`);
    return EVEN_PLACEMENT;
  }
  const { labels, by, separator } = readFields(
    given,
    "the options of placement",
    PLACEMENT,
    report,
  );
  if (by !== undefined && by !== "id" && by !== "prefix")
    report(`by must be "id" or "prefix", not ${show(by)}`);
  if (separator !== undefined && by !== "prefix")
    report(`separator means something with by: "prefix" only; leave it out`);
  else if (separator !== undefined && (typeof separator !== "string" || separator === ""))
    report(`separator must be a text that is not empty, not ${show(separator)}`);
  return {
    labels: readLabels(labels, report),
    separator: by === "prefix" ? (typeof separator === "string" ? separator : "/") : undefined,
  };
}

function readLabels(given: unknown, report: Report): Readonly<Record<string, string>> {
  if (given === undefined) return {};
  const isRecord = typeof given === "object" && given !== null && !Array.isArray(given);
  if (isRecord && Object.values(given).every((label) => typeof label === "string"))
    return { ...(given as Record<string, string>) };
  report(`labels must be an object of texts, not ${show(given)}`);
  return {};
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
