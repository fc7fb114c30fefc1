import type { Dice } from "./dice.ts";
import {
  type Fault,
  type Profile,
  type Release,
  type Script,
  SLOTS,
  type TimedFault,
} from "./script.ts";

/** What of a script is drawn first. */
export type Frame = Pick<Script, "profile" | "durationMs" | "silos" | "clients">;

/** The kinds of faults that a storm has all of. */
const STORM: readonly [Profile, ...Profile[]] = [
  "calm",
  "crashes",
  "partitions",
  "membership",
  "stores",
  "pauses",
];

/** Of the faults of silos that go on while the registry is away, this share is that it is. */
const AWAY_SHARE = 0.7;

/** And this share that it loses everything: the first one in a run does. */
const WIPED_SHARE = 0.08;

/** Of the faults of stores, this share is that the network holds what goes to the index. */
const HELD_SHARE = 0.25;

/** Of the deployments this share goes through good weather. */
const CALM_SHARE = 0.6;

const DEPLOYMENTS_MAX = 3;

/** For so long: then the connections that it holds are given up. */
const HELD_MS = 600;

export function drawFaults(dice: Dice, frame: Frame): TimedFault[] {
  if (frame.profile === "deploy") return drawDeployments(dice, frame);
  if (frame.profile === "workflows")
    return drawWeather(dice, { ...frame, profile: dice.of(["crashes", "storm", ...STORM]) });
  if (frame.profile !== "topics") return drawWeather(dice, frame);
  return drawWeather(dice, { ...frame, profile: dice.chance(0.5) ? "crashes" : "storm" });
}

/** Some deployments, there and back, and the weather that they go through. */
function drawDeployments(dice: Dice, frame: Frame): TimedFault[] {
  const profile = dice.chance(CALM_SHARE) ? "calm" : "storm";
  const faults = dice.chance(0.3) ? [] : drawWeather(dice, { ...frame, profile });
  for (let count = 1 + dice.below(DEPLOYMENTS_MAX); count > 0; count--) {
    const release = dice.of<Release>([1, 2, 2, 3]);
    const at = dice.between(300, frame.durationMs);
    faults.push({ at, fault: { kind: "deploy", release, surge: dice.chance(0.4) } });
  }
  return faults.toSorted((a, b) => a.at - b.at);
}

function drawWeather(dice: Dice, frame: Frame): TimedFault[] {
  const faults: TimedFault[] = [];
  const count = frame.profile === "calm" ? 1 + dice.below(14) : 2 + dice.below(10);
  for (let index = 0; index < count; index++) {
    const at = dice.between(500, frame.durationMs);
    // Faults often do their worst together with a change of the members, or with each other.
    faults.push({ at, fault: draw(dice, frame) });
    if (dice.chance(0.3))
      faults.push({
        at: at + dice.between(0, 200),
        fault: draw(dice, { ...frame, profile: "calm" }),
      });
    if (dice.chance(0.2))
      faults.push({ at: at + dice.between(0, 1_000), fault: draw(dice, frame) });
  }
  return faults.toSorted((a, b) => a.at - b.at);
}

function draw(dice: Dice, frame: Frame): Fault {
  const slot = dice.below(SLOTS);
  switch (frame.profile) {
    case "calm":
      return dice.chance(0.5) ? { kind: "start", slot } : { kind: "stop", slot };
    case "crashes":
      return drawCrash(dice, slot);
    case "partitions":
      return drawPartition(dice, frame);
    case "membership":
      return drawMembership(dice, slot);
    case "stores":
      if (dice.chance(HELD_SHARE))
        return { kind: "stores", slot: undefined, how: "held", ms: HELD_MS };
      return {
        kind: "stores",
        slot: someSlot(dice, slot),
        how: dice.of(["away", "flaky", "flaky", "slow"]),
        ms: dice.between(100, 6_000),
      };
    case "pauses":
      return drawPause(dice, frame, slot);
    case "available":
      if (dice.chance(WIPED_SHARE)) return { kind: "wipe" };
      if (!dice.chance(AWAY_SHARE)) return draw(dice, { ...frame, profile: dice.of(STORM) });
      return {
        kind: "membership",
        slot: someSlot(dice, slot),
        how: "away",
        ms: dice.between(1_500, 12_000),
      };
    case "deploy":
    case "topics":
    case "workflows":
      return draw(dice, { ...frame, profile: "calm" });
    case "storm":
      return draw(dice, { ...frame, profile: dice.of(STORM) });
  }
}

function someSlot(dice: Dice, slot: number): number | undefined {
  return dice.chance(0.3) ? undefined : slot;
}

type RegistryTrouble = Extract<Fault, { kind: "membership" }>["how"];

function drawMembership(dice: Dice, slot: number): Fault {
  const how = dice.of<RegistryTrouble>(["away", "away", "flaky", "slow", "full", "unanswered"]);
  const ms = dice.between(100, 12_000);
  // A registry that has no space left has none for anybody.
  return { kind: "membership", slot: how === "full" ? undefined : someSlot(dice, slot), how, ms };
}

function drawCrash(dice: Dice, slot: number): Fault {
  const restartMs = dice.chance(0.5) ? dice.between(0, 300) : dice.between(0, 10_000);
  const roll = dice.between(0, 1);
  if (roll < 0.3) return { kind: "kill", slot, restartMs };
  if (roll < 0.45) return { kind: "blackout", slot, restartMs };
  return {
    kind: "killAtEffect",
    slot,
    left: 1 + dice.below(40),
    side: dice.of(["before", "after"]),
    restartMs,
  };
}

function drawPartition(dice: Dice, { clients }: Frame): Fault {
  const from = dice.below(SLOTS);
  const to = dice.chance(0.3) ? -1 - dice.below(clients) : dice.below(SLOTS);
  if (dice.chance(0.35)) return { kind: "breakLink", one: from, other: to };
  const ends = dice.chance(0.5) ? { from, to } : { from: to, to: from };
  return { kind: "cut", ...ends, bothWays: dice.chance(0.5), ms: dice.between(50, 8_000) };
}

function drawPause(dice: Dice, { clients }: Frame, silo: number): Fault {
  if (dice.chance(0.2)) return { kind: "jumpWall", slot: silo, ms: dice.between(-20_000, 20_000) };
  // Clients are stopped as well as silos.
  const slot = dice.chance(0.25) ? -1 - dice.below(clients) : silo;
  const ms = dice.chance(0.4) ? dice.between(10, 1_500) : dice.between(1_000, 9_000);
  if (dice.chance(0.4)) return { kind: "pause", slot, ms };
  return {
    kind: "pauseAtEffect",
    slot,
    left: 1 + dice.below(40),
    side: dice.of(["before", "after"]),
    ms,
  };
}
