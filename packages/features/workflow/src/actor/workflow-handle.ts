import {
  DURATION_FORMS,
  type Duration,
  parseDuration,
  shownValue,
  TroupeError,
} from "@troupe/core";
import type { ActorDefinition, CallOptions, UntypedActorRef } from "@troupe/sdk";
import type {
  DataOf,
  EventNames,
  EventTypes,
  ReplyOf,
  RequestNames,
} from "../executor/workflow-context.ts";
import { WorkflowCancelled } from "../executor/workflow-cancelled.ts";
import type { Episode } from "../machine/episode.ts";
import type { Workflow } from "./define-workflow.ts";
import type { Started } from "./begin-run.ts";
import type { StartOptions } from "./start-options.ts";
import type { RunPlaces } from "./where-run.ts";
import type { EndAnswer, RequestAnswer } from "./workflow-actor.ts";
import type { WorkflowStatus } from "./workflow-status.ts";
import { randomUUID } from "node:crypto";

/** Whatever refers to actors by their type's name: a silo, a client, an actor in its turn. */
export interface ActorSource {
  actor(type: string, id: string, options?: CallOptions): UntypedActorRef;
}

/** One run of a workflow, wherever it lives. It costs nothing to make, and is valid for ever. */
export interface WorkflowHandle<Input, Output, Events extends EventTypes, Status> {
  readonly id: string;
  /**
   * Starts the run. If there is one of this id with the same input, nothing changes; with another
   * input it rejects with `ALREADY_EXISTS`. `ifExists` says something else. It resolves when the
   * start is stored.
   */
  start(
    ...input: undefined extends Input
      ? [input?: Input, options?: StartOptions]
      : [input: Input, options?: StartOptions]
  ): Promise<Started>;
  /**
   * What the run comes to, however long that takes. Rejects with what the run failed with, with
   * `WorkflowCancelled` if it was cancelled or terminated, and with `NO_SUCH_WORKFLOW`. It asks
   * again after a lost silo. If the cluster or its store cannot be reached for longer, it rejects
   * with that error, which is retryable: then ask again.
   *
   * With a `timeout` it rejects with `TIMEOUT` when the run has not ended for so long. Time in
   * which the cluster cannot be reached does not count.
   */
  result(options?: { readonly timeout?: Duration }): Promise<Output>;
  status(): Promise<WorkflowStatus<Status>>;
  /**
   * Sends an event. It resolves when the event is stored; then it reaches one `ctx.event`, or waits
   * for one. With an `id` a repetition within an hour has no effect.
   */
  send<N extends EventNames<Events>>(
    name: N,
    ...data: undefined extends DataOf<Events[N]>
      ? [data?: DataOf<Events[N]>, options?: { readonly id?: string }]
      : [data: DataOf<Events[N]>, options?: { readonly id?: string }]
  ): Promise<void>;
  /**
   * Asks something of the run, and gives what its handler (`ctx.on`) has answered, however long
   * that takes; rejects with what the handler threw. The answer comes when it is stored. It asks
   * again after a lost silo, and the handler sees the request once. `WORKFLOW_ENDED`: the run has
   * ended without an answer.
   */
  ask<N extends RequestNames<Events>>(
    name: N,
    ...data: undefined extends DataOf<Events[N]>
      ? [data?: DataOf<Events[N]>]
      : [data: DataOf<Events[N]>]
  ): Promise<ReplyOf<Events[N]>>;
  /** Everything that the run awaits rejects with `WorkflowCancelled`; then it may tidy up. */
  cancel(reason?: string): Promise<void>;
  /** Ends the run at once: it does nothing more, and nothing is undone. */
  terminate(reason?: string): Promise<void>;
  /**
   * From now on the run does not move. Steps that are under way end. What happens meanwhile is
   * kept, and applied in order after `resume`.
   */
  suspend(): Promise<void>;
  /** A suspended run goes on. One that is blocked is tried again with the code that there is. */
  resume(): Promise<void>;
  /** A run that is blocked is tried again with the code that there is. One that is not stays so. */
  retry(): Promise<void>;
  /**
   * Begins a run with the first `from` episodes of this one, which has ended, and with what was
   * under way after them; so what comes of it may be another thing now. It gets the id, which has
   * to be free, or takes the place of this run. Its steps have other keys, and it has no timeout.
   * `WORKFLOW_OPEN`: this run has not ended.
   */
  rerun(options: { readonly from: number; readonly id?: string }): Promise<Started>;
  /** Forgets a run that has ended, and frees its id. `WORKFLOW_OPEN`: it has not. */
  purge(): Promise<void>;
  /**
   * Where the code of the run waits, by file and line: its history is replayed dry for that. For a
   * blocked run it says what is wrong, and where.
   */
  where(): Promise<RunPlaces>;
  /** Everything that happened to the run, from an episode on, and what its code did. */
  history(from?: number): AsyncIterable<Episode>;
}

/** Failures in a row after which `result` no longer asks again, but rejects with the last one. */
const FAILURES_MAX = 100;

/**
 * A run of a workflow by its id.
 *
 * @example
 * ```ts
 * const order = workflow(cluster, Order, "o-1");
 * await order.start({ account: "alice", amount: 5 });
 * await order.send("approved", { by: "bob" });
 * console.log(await order.result());
 * ```
 */
export function workflow<Input, Output, Events extends EventTypes, Status>(
  cluster: ActorSource,
  type: Workflow<Input, Output, Events, Status>,
  id: string,
): WorkflowHandle<Input, Output, Events, Status> {
  const call = async (
    method: string,
    args: readonly unknown[],
    options?: CallOptions,
  ): Promise<unknown> => await cluster.actor(type.name, id, options)[method]?.(...args);
  return {
    id,
    start: async (...input) => (await call("start", input)) as Started,
    result: async ({ timeout } = {}) => {
      let leftMs = timeout === undefined ? Number.POSITIVE_INFINITY : timeoutMs(type, id, timeout);
      const ask = async (): Promise<unknown> => {
        const answer = (await call("result", [leftMs])) as EndAnswer;
        if (answer.kind === "pending") leftMs -= answer.waitedMs;
        if (answer.kind !== "pending" || leftMs > 0) return answer;
        const message = `${type.name}/${id} has not ended within ${timeout}; ask again, or give it more time`;
        throw new TroupeError("TIMEOUT", message, { retryable: false });
      };
      return valueOf(await askAgain<EndAnswer>(ask)) as Output;
    },
    status: async () => (await call("status", [])) as WorkflowStatus<Status>,
    send: async (name, ...rest) => {
      const [data, options] = rest as [data?: unknown, options?: { readonly id?: string }];
      const key = options?.id === undefined ? {} : { idempotencyKey: `event ${options.id}` };
      await call("event", [name, data], key);
    },
    ask: async (name, ...[data]) => {
      const key = randomUUID();
      const answer = await askAgain<RequestAnswer>(() => call("ask", [name, data, key]));
      if (answer.kind === "error") throw answer.error;
      return answer.value as never;
    },
    cancel: async (reason = "") => void (await call("cancel", [reason])),
    terminate: async (reason = "") => void (await call("terminate", [reason])),
    suspend: async () => void (await call("suspend", [])),
    resume: async () => void (await call("resume", [])),
    retry: async () => void (await call("retry", [])),
    rerun: async ({ from, id: other = id }) => {
      const again = cluster.actor(type.name, other).rerun?.(id, from);
      return (await again) as Started;
    },
    purge: async () => void (await call("purge", [])),
    where: async () => (await call("where", [])) as RunPlaces,
    history: (from = 0) => pagesOf((first) => call("history", [first]), from),
  };
}

function timeoutMs({ name }: ActorDefinition, id: string, timeout: Duration): number {
  const ms = parseDuration(timeout);
  if (ms !== undefined) return ms;
  const message = `timeout of the result of ${name}/${id} is ${shownValue(timeout)}; give ${DURATION_FORMS}`;
  throw new TroupeError("BAD_CONFIG", message);
}

/** Asks until there is an answer. One that there is none yet comes after two seconds. */
async function askAgain<A extends { readonly kind: string }>(
  ask: () => Promise<unknown>,
): Promise<Exclude<A, { kind: "pending" }>> {
  for (let failures = 0; ;) {
    // oxlint-disable-next-line no-await-in-loop -- one question after the other.
    const answer = await ask().then((given) => ({ kind: "given" as const, given }), failed);
    if (answer.kind === "lost" && ++failures > FAILURES_MAX) throw answer.error;
    if (answer.kind === "lost") continue;
    const given = answer.given as A;
    if (given.kind !== "pending") return given as Exclude<A, { kind: "pending" }>;
    failures = 0;
  }
}

/** Whether it ran does not matter to a question. Rejects with what is no reason to ask again. */
function failed(error: unknown): { readonly kind: "lost"; readonly error: unknown } {
  if (error instanceof TroupeError && error.retryable) return { kind: "lost", error };
  throw error;
}

/** Everything from one number on, page by page. */
export async function* pagesOf(
  read: (first: number) => Promise<unknown>,
  from: number,
): AsyncGenerator<Episode> {
  for (let first = from; ;) {
    // oxlint-disable-next-line no-await-in-loop -- a page says where the next one begins.
    const page = (await read(first)) as Episode[];
    yield* page;
    first += page.length;
    if (page.length === 0) return;
  }
}

function valueOf(answer: Exclude<EndAnswer, { kind: "pending" }>): unknown {
  switch (answer.kind) {
    case "completed":
      return answer.value;
    case "failed":
      throw answer.error;
    case "cancelled":
    case "terminated":
      throw new WorkflowCancelled(answer.reason);
  }
}
