import type { Placement } from "@troupe/client";
import type { TroupeError } from "@troupe/core";
import type { ActorDefinition } from "@troupe/sdk";
import type { SiloSnapshot } from "../inspect/silo-snapshot.ts";
import type { Succession } from "../membership/view-coalescer.ts";
import type { SiloOptions, SiloPorts } from "./silo-options.ts";

/** What a silo is made of from outside, for the time of one lease. */
export interface ComposeParts {
  readonly siloId: string;
  readonly ports: SiloPorts;
  readonly options: SiloOptions;
  readonly definitions: ReadonlyMap<string, ActorDefinition>;
  /** The revision before this process first registered; see `Member.since`. */
  since(): Promise<number>;
  /** Somebody asked this silo to move everything away and stop. */
  onDrainRequested(): void;
}

/** The session, as the parts of its silo see it. */
export interface SessionOwner {
  readonly placement: Placement;
  readonly snapshot: SiloSnapshot;
  /** True once it has left, or lost its lease. */
  readonly isOver: boolean;
  setView(succession: Succession): void;
  /** The lease is lost. */
  lose(): void;
  /** A link, the number of activations, or what waits or is under way has changed. */
  changed(): void;
  /** Another silo takes no link with this one. */
  rejected(error: TroupeError): void;
  /** What a part began, and the end of the session has to wait for. */
  background(work: Promise<unknown>): void;
}
