import type { Phase, RunMachine } from "../machine/run-machine.ts";
import type { Blocked, RunRecord } from "./run-record.ts";
import type { WorkflowInstance } from "./workflow-instance.ts";

/** How a run stands. Times are in milliseconds since the Unix epoch. */
export interface WorkflowStatus<S = unknown> {
  /**
   * `blocked`: its code cannot go on; `blocked` says why. `suspended`: somebody wanted it to wait.
   */
  readonly state: Exclude<Phase, "new" | "continued"> | "blocked" | "suspended";
  /** Of the code that the run began with. */
  readonly version: number;
  /** What whoever started the run says of it. */
  readonly tags: Readonly<Record<string, string>>;
  /** What the code last gave to `ctx.status`. */
  readonly status: S | undefined;
  readonly startedAt: number;
  readonly endedAt: number | undefined;
  readonly blocked: Pick<Blocked, "code" | "message" | "since"> | undefined;
  /** The steps that are not done. */
  readonly steps: readonly StepStatus[];
  /** When time alone goes on with the run; undefined if it never does. */
  readonly nextDue: number | undefined;
  /** Things that happened to the run so far. */
  readonly episodes: number;
  /** Inputs that wait until the code can go on. */
  readonly waitingInputs: number;
}

/** A step that is not done. */
export interface StepStatus {
  readonly name: string;
  readonly attempt: number;
  /** When the next attempt begins; undefined while one is under way. */
  readonly retryAt: number | undefined;
  readonly lastError: string | undefined;
}

/** Undefined if there is no run. */
export function statusOf(run: WorkflowInstance): WorkflowStatus | undefined {
  const { record, machine } = run;
  if (record === undefined) return undefined;
  const { blocked, startedAt, endedAt, tags = {} } = record;
  return {
    state: stateOf(record, machine),
    version: record.version ?? run.program.version,
    tags,
    status: run.revive(machine.status),
    startedAt,
    endedAt,
    blocked: blocked && { code: blocked.code, message: blocked.message, since: blocked.since },
    steps: [...machine.pending.values()].flatMap((pending) => {
      if (pending.kind !== "run") return [];
      const { name, attempt, retryAt, lastError } = pending;
      return [{ name, attempt, retryAt, lastError }];
    }),
    nextDue: machine.nextDue,
    episodes: run.episodes,
    waitingInputs: run.waitingInputs,
  };
}

function stateOf(record: RunRecord, { phase, hasEnded }: RunMachine): WorkflowStatus["state"] {
  if (hasEnded && phase !== "new" && phase !== "continued") return phase;
  if (record.suspendedAt !== undefined) return "suspended";
  return record.blocked === undefined ? "running" : "blocked";
}
