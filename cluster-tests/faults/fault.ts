import type { Random } from "@troupe/core";
import type { ErrorCode } from "troupe";
import type { Load } from "../harness/load.ts";
import type { SiloProcess } from "../harness/silo-process.ts";
import type { Arena } from "./arena.ts";

/** What an arena must have for a fault. */
export type Need = "namespaces" | "etcdMembers" | "clocks";

/**
 * Where a fault happens: two silos, of which the first calls actors of the second by way of a
 * relay.
 */
export interface Scene {
  readonly arena: Arena;
  readonly load: Load;
  readonly random: Random;
  /** The silo that the fault hits. */
  readonly victim: SiloProcess;
  /** A silo whose relays call actors of the victim. */
  readonly caller: SiloProcess;
  /** An actor that lives in the victim, and has no calls of the load's own. */
  readonly ledger: string;
}

/**
 * Which calls a fault may hold up or fail: those that pass through the victim, between it and the
 * caller, all, or none.
 */
export type Reach = "victim" | "pair" | "all" | "none";

/** Something that goes wrong, and right again. */
export interface Fault {
  readonly name: string;
  readonly needs?: Need;
  readonly reach: Reach;
  /** What calls within reach may fail with. All other calls have to be answered. */
  readonly excused: readonly ErrorCode[];
  /**
   * The victim's process runs nothing for a while, or ends, in the middle of whatever turn it is
   * at.
   */
  readonly stalls?: boolean;
  /** Resolves when it is over. Gives what was wrong besides the load. */
  strike(scene: Scene): Promise<readonly string[]>;
}

export function leaseMs({ arena }: Scene): number {
  return Number.parseFloat(arena.options.leaseTtl) * 1_000;
}
