import type { LeasePolicy } from "@troupe/runtime";
import type { CallPlan, ReadPlan } from "./history.ts";

/** Which release of the workload's actors a silo runs; see `cellActor`. */
export type Release = 1 | 2 | 3;

/**
 * What a run suffers at a time. Slots are the places where silo processes run, each with its own
 * address.
 */
export type Fault =
  | { readonly kind: "start"; readonly slot: number }
  /** Drains. */
  | { readonly kind: "stop"; readonly slot: number }
  | { readonly kind: "kill"; readonly slot: number; readonly restartMs: number }
  /** The machine loses its power: nobody refuses connections in its place. */
  | { readonly kind: "blackout"; readonly slot: number; readonly restartMs: number }
  /** Dies at one of its next effects, just before or just after it. */
  | {
      readonly kind: "killAtEffect";
      readonly slot: number;
      readonly left: number;
      readonly side: "before" | "after";
      readonly restartMs: number;
    }
  /** As SIGSTOP does: a slot's silo, or a client as -1, -2 … */
  | { readonly kind: "pause"; readonly slot: number; readonly ms: number }
  | {
      readonly kind: "pauseAtEffect";
      readonly slot: number;
      readonly left: number;
      readonly side: "before" | "after";
      readonly ms: number;
    }
  /** Nothing goes from one process to the other: slots, or clients as -1, -2 … */
  | {
      readonly kind: "cut";
      readonly from: number;
      readonly to: number;
      readonly bothWays: boolean;
      readonly ms: number;
    }
  | { readonly kind: "breakLink"; readonly one: number; readonly other: number }
  /** The process (or all, if undefined) has trouble with the registry. */
  | {
      readonly kind: "membership";
      readonly slot: number | undefined;
      readonly how: "away" | "flaky" | "slow" | "full" | "unanswered";
      readonly ms: number;
    }
  /** `held` is about the index of due times alone, to which there is a connection of its own. */
  | {
      readonly kind: "stores";
      readonly slot: number | undefined;
      readonly how: "away" | "flaky" | "slow" | "held";
      readonly ms: number;
    }
  /** The registry loses everything, once in a run. */
  | { readonly kind: "wipe" }
  /**
   * The silos are replaced by those of another release one by one: either each is stopped and
   * started again in its slot, or the new ones come first where there is room (`surge`).
   */
  | { readonly kind: "deploy"; readonly release: Release; readonly surge: boolean }
  | { readonly kind: "jumpWall"; readonly slot: number; readonly ms: number };

export interface TimedFault {
  readonly at: number;
  readonly fault: Fault;
}

export const PROFILES = [
  "calm",
  "crashes",
  "partitions",
  "membership",
  "stores",
  "pauses",
  "available",
  "storm",
  "deploy",
  "topics",
  "workflows",
] as const;

/**
 * Which kinds of faults a run has. `calm` has none but silos that come and drain. `available` has
 * silos that go on while the registry is away (`leasePolicy: "available"`), and that it often is;
 * and it alone has a registry that loses everything, after which C2 is all that is promised, too.
 * `deploy` replaces its silos by those of other releases, in good weather or in a storm. `topics`
 * has silos with topics, and actors that publish and subscribe, in a storm or while silos crash.
 * `workflows` has runs of programs that the seed draws, in any weather.
 */
export type Profile = (typeof PROFILES)[number];

/** All that makes a run: the same script is the same run, to the byte. */
export interface Script {
  readonly seed: number;
  readonly profile: Profile;
  /** Silos that run from the start. */
  readonly silos: number;
  readonly clients: number;
  readonly leaseTtlMs: number;
  readonly leasePolicy: LeasePolicy;
  readonly durationMs: number;
  readonly faults: readonly TimedFault[];
  readonly calls: readonly CallPlan[];
  readonly reads: readonly ReadPlan[];
}

/** Places for silos. */
export const SLOTS = 5;

export function describeFault(fault: Fault): string {
  const { kind, ...facts } = fault;
  const shown = Object.entries(facts).map(
    ([name, value]) => `${name} ${typeof value === "number" ? Math.round(value) : String(value)}`,
  );
  return `${kind} ${shown.join(", ")}`;
}
