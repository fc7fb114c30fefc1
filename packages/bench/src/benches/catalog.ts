import type { Bench } from "../bench.ts";
import { activation } from "./activation.ts";
import { callLocal } from "./call-local.ts";
import { callRemote } from "./call-remote.ts";
import { drain } from "./drain.ts";
import { failover } from "./failover.ts";
import { latencyRemote } from "./latency-remote.ts";
import { memory } from "./memory.ts";
import { observed } from "./observed.ts";
import { reminders } from "./reminders.ts";
import { scale } from "./scale.ts";
import { soak } from "./soak.ts";
import { stream } from "./stream.ts";
import { turnHot } from "./turn-hot.ts";
import { turnSpread } from "./turn-spread.ts";
import { views } from "./views.ts";
import { workflowCalls } from "./workflow-calls.ts";
import { workflowChain } from "./workflow-chain.ts";
import { workflowFailover } from "./workflow-failover.ts";
import { workflowFanout } from "./workflow-fanout.ts";
import { workflowLatency } from "./workflow-latency.ts";
import { workflowMemory } from "./workflow-memory.ts";
import { workflowReplay } from "./workflow-replay.ts";
import { workflowSleep } from "./workflow-sleep.ts";
import { workflowSoak } from "./workflow-soak.ts";

/** Every bench, in the order of the table of targets. */
export const BENCHES: readonly Bench[] = [
  callLocal,
  callRemote,
  latencyRemote,
  turnHot,
  turnSpread,
  activation,
  memory,
  reminders,
  failover,
  drain,
  scale,
  views,
  stream,
  observed,
  soak,
  workflowChain,
  workflowLatency,
  workflowFanout,
  workflowCalls,
  workflowSleep,
  workflowReplay,
  workflowMemory,
  workflowFailover,
  workflowSoak,
];
