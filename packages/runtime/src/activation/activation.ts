import { describeCall, noSuchMethod, type ReplySink } from "@troupe/client";
import {
  type ActorAddress,
  formatAddress,
  type Logger,
  messageOf,
  type Outcome,
  type RequestEnvelope,
  TroupeError,
} from "@troupe/core";
import type { ActorDefinition, Concurrency, DeactivationReason } from "@troupe/sdk";
import { ActivationHost } from "./activation-host.ts";
import type { ActivationParts, TurnWork } from "./activation-parts.ts";
import type { ActorStorage } from "./actor-storage.ts";
import { argumentsOf } from "./incoming-call.ts";
import { answerError, errorOutcome } from "./outcome.ts";
import type { OutputGate } from "./output-gate.ts";
import { OWN_PEER } from "./own-request.ts";
import { runSystemTurn } from "./run-system-turn.ts";
import type { CallName, CallWait } from "./call-wait.ts";
import type { RunnerOwner } from "./runner-owner.ts";
import { TurnRunner } from "./turn-runner.ts";
import type { Turn } from "./turn.ts";

type LifeCycle =
  | { readonly kind: "loading" }
  | { readonly kind: "active"; readonly actor: object }
  | {
      readonly kind: "closing";
      readonly actor: object | undefined;
      readonly done: Promise<void>;
      /** Called when what the actor does outside of its turns is done. */
      onFree: (() => void) | undefined;
    }
  | { readonly kind: "gone" };

/** How long what an actor does outside of its turns may hold up its deactivation. */
const BUSY_MS = 30_000;

const LOADING: LifeCycle = { kind: "loading" };
const GONE: LifeCycle = { kind: "gone" };

/**
 * One actor, alive on this silo: from the claim of what is stored to the end of its last turn. Its
 * `TurnRunner` runs the turns.
 *
 * ACT-1. The actor is constructed after what is stored was claimed and read, and serves after
 *        `onActivate` and what that changed is stored.
 * ACT-2. A failed commit ends the activation: what it has in memory may not be what is stored (D2).
 * ACT-3. Once it is closing it takes no call. What waited goes to the activation that comes
 *        next, and runs there.
 * ACT-4. The turn that destroys the actor is its last one here.
 */
export class Activation implements RunnerOwner {
  readonly address: ActorAddress;
  readonly definition: ActorDefinition;
  readonly parts: ActivationParts;
  readonly storage: ActorStorage;
  readonly #host: ActivationHost;
  readonly #runner: TurnRunner;
  #life: LifeCycle = LOADING;

  constructor(parts: ActivationParts, address: ActorAddress, definition: ActorDefinition) {
    this.parts = parts;
    this.address = address;
    this.definition = definition;
    this.storage = parts.createStorage(this);
    this.#host = new ActivationHost(this);
    this.#runner = new TurnRunner(this);
  }

  get state(): LifeCycle["kind"] {
    return this.#life.kind;
  }

  get isLoading(): boolean {
    return this.#life.kind === "loading";
  }

  get isEnding(): boolean {
    return this.#life.kind === "closing";
  }

  /** What the actor's outputs have to pass. */
  get gate(): OutputGate {
    return this.#runner.gate;
  }

  get log(): Logger {
    return this.#host.log;
  }

  get waiting(): number {
    return this.#runner.waiting;
  }

  /** The turns that run. */
  get turns(): readonly Turn[] {
    return this.#runner.running;
  }

  /** How many turns run. */
  get runningTurns(): number {
    return this.#runner.running.length;
  }

  /** True if nothing runs or waits and no call came for the type's `idleAfter`. */
  isIdle(now: number): boolean {
    const { running, waiting, usedAt } = this.#runner;
    const isQuiet = this.#life.kind === "active" && running.length === 0 && waiting === 0;
    if (!isQuiet || now - usedAt < this.definition.idleAfterMs || this.#host.isBusy) return false;
    return !this.parts.streams.serves(this);
  }

  /** Brings the actor to life. Turns that came meanwhile wait. */
  async load(): Promise<void> {
    try {
      const result = await this.storage.load();
      // It may have moved away by now, and be alive elsewhere.
      if (!this.isLoading) return;
      if (result.kind === "refused") {
        this.#abandon({ kind: "refused", reason: "not-owner", revision: result.revision });
        return;
      }
      if (!this.#isServing() && !(await this.parts.serving())) return;
      if (!this.isLoading) return;
      const { behaviour } = this.definition;
      const actor = behaviour.activate(this.definition, this.#host);
      await this.#runner.runHook("onActivate", () => behaviour.onActivate(actor));
      if (!this.isLoading) return;
      this.#life = { kind: "active", actor };
      this.#runner.open();
    } catch (error) {
      if (!this.isLoading) return;
      const failed = activationFailed(this.address, error);
      this.log.warn({ event: "activation_failed", reason: failed.detail }, "not activated");
      this.#abandon(errorOutcome(failed));
    }
  }

  /**
   * Takes a request; `now` is as for `LocalSilo`. `"closing"`: this activation takes none any more;
   * another comes after it.
   */
  accept(request: RequestEnvelope, sink: ReplySink, now: number): "accepted" | "closing" {
    if (this.#life.kind === "gone") return "closing";
    const concurrency = this.definition.methodOf(request.method)?.concurrency;
    const system = concurrency === undefined ? this.#systemTurn(request.method) : undefined;
    if (concurrency === undefined && system === undefined) {
      answerError(sink, request, this.#unknownMethod(request.method));
      return "accepted";
    }
    if (concurrency === "stream" || request.stream !== undefined) {
      const problem = this.#streamProblem(request, sink, concurrency);
      if (problem !== undefined) {
        answerError(sink, request, problem);
        return "accepted";
      }
    }
    return this.#runner.accept({ request, sink }, concurrency, system, now);
  }

  /** Why the call cannot be what it wants to be: the opening of a stream, or none. */
  #streamProblem(
    request: RequestEnvelope,
    sink: ReplySink,
    concurrency: Concurrency | undefined,
  ): TroupeError | undefined {
    const what = describeCall(request);
    const { stream } = request;
    if (concurrency !== "stream")
      return new TroupeError("NO_SUCH_METHOD", `${what} is no stream; await what it gives`);
    if (stream !== undefined) return this.parts.streams.refusal(request, sink);
    const message = `${what} is a stream; read it with for await, and if the type is given by its name, with the option stream: true`;
    return new TroupeError("NO_SUCH_METHOD", message);
  }

  /** Another definition of the type may have the method, and come into force soon (V3). */
  #unknownMethod(method: string): TroupeError {
    const error = noSuchMethod(this.address, method, this.definition);
    const { name, version } = this.definition;
    const hosts = this.parts.waitingHostsOf(name);
    if (hosts.length === 0) return error;
    const message = `${error.detail}. Version ${version} of ${name} is in force; another definition of it runs on ${hosts.join(", ")}`;
    return new TroupeError("NO_SUCH_METHOD", message, { ran: "no", retryable: true });
  }

  /**
   * The caller gave up: the request is dropped if it waits, and its turn's signal is aborted if it
   * runs.
   */
  cancel(callId: number, sink: ReplySink): void {
    this.#runner.cancel(callId, sink);
  }

  /**
   * Ends the activation: waiting turns go to the next one, running turns end, `onDeactivate` runs,
   * changes are stored. Never rejects.
   */
  close(reason: DeactivationReason): Promise<void> {
    if (this.#life.kind === "closing") return this.#life.done;
    if (this.#life.kind === "gone") return Promise.resolve();
    const actor = this.#life.kind === "active" ? this.#life.actor : undefined;
    const { promise: done, resolve } = Promise.withResolvers<void>();
    this.#life = { kind: "closing", actor, done, onFree: undefined };
    void this.#close(actor, reason).then(resolve);
    return done;
  }

  /** Calls one of the actor's methods in the running turn; for ticks. */
  invoke(method: string, argument: unknown): unknown {
    return this.definition.behaviour.invoke(this.#actor(), method, [argument]);
  }

  /** For its streams. */
  runStreamTurn(request: RequestEnvelope, sink: ReplySink, work: TurnWork): "accepted" | "closing" {
    if (this.#life.kind === "gone") return "closing";
    const now = this.parts.clock.monotonic();
    return this.#runner.accept({ request, sink }, "stream", work, now);
  }

  /** For its streams. Never rejects. */
  async runLastTurn(method: string, work: TurnWork): Promise<void> {
    await this.#runner.runHook(method, work).catch((error: unknown) => {
      const what = { method, reason: messageOf(error) };
      this.log.warn(what, "a stream threw as it ended; what it changed then is not stored");
    });
  }

  #systemTurn(name: string): TurnWork | undefined {
    const turn = this.parts.systemTurn(name);
    return turn && ((activation, args) => turn(activation.storage.parts, args));
  }

  /** For its durable parts: runs a system turn here, without waking another activation. */
  runTurn(name: string, args: readonly unknown[]): Promise<Outcome> {
    return runSystemTurn(this, name, args);
  }

  /** For its durable parts: waits for what is staged. */
  afterStored(done: (failure: unknown) => void): void {
    this.gate.pass(done);
  }

  async #close(actor: object | undefined, reason: DeactivationReason): Promise<void> {
    if (reason !== "failed" && this.#host.isBusy) {
      this.#runner.clear((turn) => this.#giveBack(turn));
      await this.#free();
    }
    const leaveStreams = this.parts.streams.end(this);
    this.#runner.close((turn) => this.#giveBack(turn));
    await this.#runner.quiet();
    await this.gate.drained().catch(() => undefined);
    // Beside a turn that never ended, what the hook changes would be stored with the half of that
    // (D1).
    const mayRunHook = this.#runner.running.length === 0 && this.#isServing();
    if (actor !== undefined && reason !== "failed" && mayRunHook) {
      await leaveStreams();
      await this.#runner
        .runHook("onDeactivate", () => this.definition.behaviour.onDeactivate(actor, reason))
        .catch((error: unknown) => {
          const what = { reason: messageOf(error) };
          this.log.error(what, "onDeactivate failed; what it changed is not stored");
        });
    }
    if (reason !== "failed") await this.storage.settled();
    this.#end();
  }

  /** A turn that never started goes to the next activation, unless only this one asked for it. */
  #giveBack({ request, sink }: Turn): void {
    if (sink.peerId === OWN_PEER)
      sink.reply(request.callId, { kind: "refused", reason: "not-ready", revision: 0 });
    else this.parts.redispatch(request, sink);
  }

  /** Ends an activation that cannot serve: everybody who waits gets the outcome. */
  #abandon(outcome: Outcome): void {
    this.#runner.close(({ request, sink }) => {
      if (outcome.kind === "refused") this.parts.refused(request, sink);
      sink.reply(request.callId, outcome);
    });
    this.#end();
  }

  #end(): void {
    this.#life = GONE;
    this.storage.dispose();
    this.parts.onGone(this);
  }

  /** For the runner: does what the turn is for, within its scope. */
  perform(turn: Turn): unknown {
    const { system } = turn;
    if (system === undefined) {
      const given = this.parts.serve(this, this.#actor(), turn);
      return turn.request.stream === undefined ? given : this.parts.streams.open(this, turn, given);
    }
    return system(this, argumentsOf(turn.request, this.parts.makeReference));
  }

  /**
   * It is still there while the activation closes: a turn that has to end first may wait for one
   * that comes back to it.
   */
  #actor(): object {
    const actor =
      this.#life.kind === "active" || this.#life.kind === "closing" ? this.#life.actor : undefined;
    if (actor === undefined)
      throw new TroupeError("ACTIVATION_FAILED", `${formatAddress(this.address)} is not active`);
    return actor;
  }

  /** For its durable parts; its own code asks the host. */
  busy(): () => void {
    return this.#host.busy();
  }

  /** Resolves when nothing goes on outside of turns, or has had its time. */
  async #free(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#life.kind === "closing") this.#life.onFree = resolve;
    const end = this.parts.clock.schedule(BUSY_MS, () => {
      this.log.warn({}, "what the actor does outside of its turns did not end in time");
      resolve();
    });
    await promise;
    end.cancel();
  }

  /** For the host: what the actor did outside of its turns is done. */
  onFree(): void {
    if (this.#life.kind === "closing") this.#life.onFree?.();
  }

  /** For the runner: no turn runs any more. */
  onQuiet(): void {
    if (this.#host.wantsToEnd && this.#life.kind === "active") void this.close("requested");
  }

  /** For the runner: nothing of the actor is stored any more, once this turn is (ACT-4). */
  onDestroyed(): void {
    void this.close("requested");
  }

  /** For the runner: a commit failed (ACT-2). */
  onBroken(): void {
    void this.close("failed");
  }

  /**
   * For the watch: others wait for a turn that does not end. What it changed is never stored, and
   * what waits goes to the activation that comes next.
   */
  giveUp(hung: Turn): void {
    const wasLoading = this.isLoading;
    const error = wasLoading
      ? new TroupeError("ACTIVATION_FAILED", describeHung(hung), { ran: "no" })
      : new TroupeError("TIMEOUT", describeHung(hung), { ran: "maybe" });
    this.log.error(
      { event: "turn_abandoned", method: hung.request.method },
      "a turn did not end in time and others wait for it; it is given up, and nothing of it is stored",
    );
    if (wasLoading) this.#abandon(errorOutcome(error));
    this.#runner.giveUp(error);
    if (!wasLoading) void this.close("failed");
  }

  /** What a call of this actor that is here waits for; undefined if it is not here. */
  waitOf(call: CallName): CallWait | undefined {
    return this.#runner.waitOf(call);
  }

  #isServing(): boolean {
    return this.parts.isServing(this.parts.clock.monotonic());
  }
}

function describeHung({ request }: Turn): string {
  return `${formatAddress(request)}.${request.method}() did not end in time while others waited for it; it was given up, and nothing that it changed is stored; see that what it awaits ends, for example by this.context.signal`;
}

function activationFailed(address: ActorAddress, error: unknown): TroupeError {
  const what = `${formatAddress(address)} could not be activated: ${messageOf(error)}`;
  const isStore = error instanceof TroupeError && error.code === "STORE_UNAVAILABLE";
  const code = isStore ? "STORE_UNAVAILABLE" : "ACTIVATION_FAILED";
  return new TroupeError(code, what, { ran: "no", cause: error });
}
