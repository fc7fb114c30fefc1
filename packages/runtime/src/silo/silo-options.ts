import type { ClientPorts } from "@troupe/client";
import type { Metrics, ReminderStore, StateStore } from "@troupe/core";
import type { ActorType, CallFilters, Extension } from "@troupe/sdk";
import type { LeasePolicy } from "../membership/lease-guard.ts";
import type { AccessRule } from "../routing/access-rules.ts";
import type { SwitchAt } from "../ownership/deployment-rules.ts";
import type { WaitingBytes } from "../activation/call-budget.ts";

/** What a silo needs from outside. Whoever opened the ports closes them, after the silo. */
export interface SiloPorts extends ClientPorts {
  readonly stateStore: StateStore;
  readonly reminderStore: ReminderStore;
}

export interface SiloOptions {
  readonly cluster: string;
  /** The actor types that this silo hosts. */
  readonly actors: readonly ActorType[];
  /** Features that are added to the silo. Default: none. */
  readonly extensions?: readonly Extension[];
  /** `host:port` to listen on; port 0 takes a free one. */
  readonly listen: string;
  /** `host:port` at which the others reach it. Default: where it listens. */
  readonly advertise?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** The silo's share of the actors, against that of the others. Default: 1. */
  readonly capacity?: number;
  /** Milliseconds after which a silo that no longer answers is taken for gone. Default 5,000. */
  readonly leaseTtlMs?: number;
  /**
   * Takes the storage over if another membership has written it: its actors are this cluster's
   * then. Only right if no silo of that membership runs any more. Default: such a silo does not
   * start.
   */
  readonly adoptStorage?: boolean;
  /** What the silo does while it cannot tell whether its lease lives. Default: strict. */
  readonly leasePolicy?: LeasePolicy;
  /** What calls to and from this silo's actors pass; see `CallFilter`. */
  readonly filters?: CallFilters;
  /** What clients may call. Default: every type that is not internal. */
  readonly access?: readonly AccessRule[];
  /** How new definitions of the silo's types come into force. */
  readonly deploy?: DeployOptions;
  /** Where the silo's numbers can be read. Default: nowhere. */
  readonly metrics?: Metrics;
  /**
   * True for a silo of a test: features may check more than a silo in production can afford.
   * Default: false.
   */
  readonly isTrial?: boolean;
  /** How many bytes of calls may wait on the silo; beyond it calls fail with `OVERLOADED`. */
  readonly waitingBytes?: WaitingBytes;
}

/** How new definitions of actor types come into force. */
export interface DeployOptions {
  /**
   * When a new definition of a type comes into force: as soon as one silo runs it (`"first"`), when
   * this share of the silos that host the type does, or when all do (`"all"`). Default: 0.5.
   */
  readonly switchAt?: SwitchAt;
}

/** Troupe's version, as other silos see it. */
export const TROUPE_VERSION = "0.1.0";

/**
 * A registry that elects a new leader takes no renewals for up to 2.5 s. This is the smallest lease
 * that survives it.
 */
export const DEFAULT_LEASE_TTL_MS = 5_000;
