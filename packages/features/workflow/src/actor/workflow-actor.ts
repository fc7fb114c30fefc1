import { formatAddress, toPortable, TroupeError } from "@troupe/core";
import { type ActiveBehaviour, type ActorHost, LaterAnswer } from "@troupe/sdk";
import { noSuchEvent } from "../executor/native-run.ts";
import type { Settled } from "../machine/episode.ts";
import { rerunOf, startRunOf, stillOpen } from "./begin-run.ts";
import { resumeRun, retryRun, suspendRun } from "./hold-run.ts";
import { readHistory } from "./read-history.ts";
import { WAIT_MS } from "./result-waiters.ts";
import { factsOf } from "./run-facts.ts";
import { whereIs } from "./where-run.ts";
import { WAKE } from "./run-upkeep.ts";
import type { WorkflowInstance } from "./workflow-instance.ts";
import { WORKFLOW } from "./workflow-part.ts";
import { statusOf, type WorkflowStatus } from "./workflow-status.ts";

/** Events that nobody waits for yet, of one run. */
const EVENTS_MAX = 1_000;

/** Episodes after which a run takes no more events. Its own code may make so many and no more. */
const EPISODES_MAX = 51_000;

/** Episodes of the history that one call gives. */
const HISTORY_PAGE = 100;

/** What a call that asks for the end of a run gets. */
export type EndAnswer =
  /** It has not ended for so long: ask again. */
  | { readonly kind: "pending"; readonly waitedMs: number }
  | { readonly kind: "completed"; readonly value: unknown }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "cancelled" | "terminated"; readonly reason: string };

/** What a call that asks something of a run gets. */
export type RequestAnswer =
  /** There is no answer yet: ask again. */
  { readonly kind: "pending" } | Settled;

/** Serves the calls of one run, and the ticks of its reminder. */
export class WorkflowActor implements ActiveBehaviour {
  readonly #name: string;
  readonly #run: WorkflowInstance;

  constructor(host: ActorHost) {
    this.#name = formatAddress(host.address);
    this.#run = host.part(WORKFLOW);
    this.#run.attach(host);
  }

  invoke(method: string, args: readonly unknown[]): unknown {
    switch (method) {
      case "start":
        return startRunOf(this.#run, args[0], args[1]);
      case "result":
        return this.#result(typeof args[0] === "number" ? args[0] : WAIT_MS);
      case "status":
        return this.#status();
      case "event":
        return this.#event(String(args[0]), args[1]);
      case "ask":
        return this.#ask(String(args[0]), args[1], String(args[2]));
      case "cancel":
        return this.#stop("cancel", args[0]);
      case "terminate":
        return this.#stop("terminate", args[0]);
      case "suspend":
        this.#checkOpen("cannot be suspended");
        return suspendRun(this.#run);
      case "resume":
        this.#checkOpen("cannot go on");
        return resumeRun(this.#run);
      case "history":
        this.#checkExists();
        return new LaterAnswer(this.#history(Number(args[0])));
      case "where":
        this.#checkExists();
        return new LaterAnswer(whereIs(this.#run));
      case "facts":
        this.#checkExists();
        return factsOf(this.#run);
      case "retry":
        this.#checkOpen("cannot be tried again");
        return retryRun(this.#run);
      case "rerun":
        return rerunOf(this.#run, String(args[0]), Number(args[1]));
      case "purge":
        return this.#purge();
      case WAKE:
        return this.#run.wake();
      default:
        throw new TroupeError("NO_SUCH_METHOD", `${this.#name} has no method ${method}`);
    }
  }

  async #history(from: number): Promise<unknown> {
    const { episodes } = await readHistory(this.#run.silo.stateStore, this.#run.address);
    return episodes.slice(from, from + HISTORY_PAGE).map((episode) => this.#run.revive(episode));
  }

  #purge(): void {
    this.#checkExists();
    if (!this.#run.machine.hasEnded) throw stillOpen(this.#name, "be purged");
    this.#run.host.destroy();
  }

  #result(atMostMs: number): EndAnswer | LaterAnswer {
    this.#checkExists();
    if (this.#run.machine.hasEnded) return this.#end();
    const waitedMs = Math.min(atMostMs, WAIT_MS);
    const waiting = this.#run.waiters.wait("", waitedMs);
    return new LaterAnswer(
      waiting.then((hasEnded): EndAnswer =>
        hasEnded ? this.#end() : { kind: "pending", waitedMs },
      ),
    );
  }

  #end(): EndAnswer {
    const { phase, outcome, reason } = this.#run.machine;
    if (outcome?.kind === "value")
      return { kind: "completed", value: this.#run.revive(outcome.value) };
    if (outcome?.kind === "error")
      return { kind: "failed", error: this.#run.revive(outcome.error) };
    return { kind: phase === "cancelled" ? phase : "terminated", reason };
  }

  #status(): WorkflowStatus {
    return statusOf(this.#run) ?? this.#missing();
  }

  async #event(name: string, data: unknown): Promise<void> {
    this.#checkOpen(`takes no event ${JSON.stringify(name)}`);
    const { events } = this.#run.program;
    if (!events.has(name)) throw noSuchEvent(this.#name, name, events);
    this.#checkRoom();
    const { value } = toPortable(data, { root: "data" });
    await this.#run.take({ kind: "event", name, data: value });
  }

  /** Asking again under the same id changes nothing (ASKS-1). */
  async #ask(name: string, data: unknown, ask: string): Promise<RequestAnswer | LaterAnswer> {
    this.#checkExists();
    const known = this.#answerTo(ask);
    if (known !== undefined) return known;
    this.#checkOpen(`answers no request ${JSON.stringify(name)}`);
    if (!this.#run.hasAsked(ask)) {
      const requests = this.#run.program.requests ?? new Set();
      if (!requests.has(name)) throw noSuchEvent(this.#name, name, requests, "request");
      this.#checkRoom();
      const { value } = toPortable(data, { root: "data" });
      await this.#run.take({ kind: "event", name, data: value, ask });
      const answer = this.#answerTo(ask);
      if (answer !== undefined) return answer;
    }
    return new LaterAnswer(this.#laterAnswer(name, ask));
  }

  async #laterAnswer(name: string, ask: string): Promise<RequestAnswer> {
    await this.#run.waiters.wait(ask);
    const answer = this.#answerTo(ask);
    if (answer === undefined) this.#checkOpen(`answers no request ${JSON.stringify(name)}`);
    return answer ?? { kind: "pending" };
  }

  #answerTo(ask: string): Settled | undefined {
    const answer = this.#run.machine.requests.answerTo(ask);
    if (answer === undefined) return undefined;
    return answer.kind === "value"
      ? { kind: "value", value: this.#run.revive(answer.value) }
      : { kind: "error", error: this.#run.revive(answer.error) };
  }

  #checkRoom(): void {
    if (this.#run.machine.bufferedEvents + this.#run.waitingInputs >= EVENTS_MAX) {
      const message = `${this.#name} has ${EVENTS_MAX} events that it has not waited for yet; send it fewer`;
      throw new TroupeError("OVERLOADED", message);
    }
    if (this.#run.episodes >= EPISODES_MAX)
      throw new TroupeError("HISTORY_FULL", `${this.#name} has ${EPISODES_MAX} episodes`);
  }

  async #stop(kind: "cancel" | "terminate", reason: unknown): Promise<void> {
    this.#checkOpen(`cannot be stopped`);
    await this.#run.take({ kind, reason: typeof reason === "string" ? reason : "" });
  }

  get #state(): string {
    return `is ${statusOf(this.#run)?.state ?? "not there"}`;
  }

  #checkExists(): void {
    if (this.#run.record === undefined) this.#missing();
  }

  #missing(): never {
    const message = `there is no run ${this.#name}; start it first`;
    throw new TroupeError("NO_SUCH_WORKFLOW", message);
  }

  #checkOpen(what: string): void {
    this.#checkExists();
    if (!this.#run.machine.hasEnded) return;
    throw new TroupeError("WORKFLOW_ENDED", `${this.#name} ${this.#state}, so it ${what}`);
  }
}
