import type { MemberState } from "@troupe/core";

/** One silo as it stands, for `troupe status` and the like. */
export interface SiloSnapshot {
  readonly siloId: string;
  readonly address: string;
  readonly state: MemberState;
  /** False while its lease is in doubt. */
  readonly serving: boolean;
  /** Revision of its view. */
  readonly revision: number;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  readonly activations: number;
  readonly activationsByType: Readonly<Record<string, number>>;
  /** Calls that it took since it started. */
  readonly callsTotal: number;
  /** Over the last seconds. */
  readonly callsPerSecond: number;
  /** Calls that its own actors and callers wait for. */
  readonly callsPending: number;
}
