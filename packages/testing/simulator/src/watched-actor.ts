import { Actor, type DeactivationReason } from "@troupe/sdk";
import type { Probe } from "./probe.ts";

/** The base of the simulation's actors in one process. */
export type WatchedActor = abstract new () => Actor;

/** How long actors without calls stay: short, so that deactivation is part of every run. */
export const IDLE_AFTER = "4s";

/** Tells the probe when it comes and goes. */
export function watchedActor(probe: Probe): WatchedActor {
  abstract class Watched extends Actor {
    override onActivate(): void {
      probe.lifecycle(this, "activated");
    }

    override onDeactivate(reason: DeactivationReason): void {
      probe.lifecycle(this, reason);
    }
  }
  return Watched;
}
