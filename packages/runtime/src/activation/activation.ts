import { noSuchMethod, type ReplySink, runInTurn, runOutsideTurns } from "@troupe/client";
import {
  type ActorAddress,
  type Clock,
  formatAddress,
  fromPortable,
  type Logger,
  messageOf,
  type Outcome,
  repetitionKey,
  type RequestEnvelope,
  toPortable,
  TroupeError,
} from "@troupe/core";
import {
  type Actor,
  type ActorDefinition,
  type Concurrency,
  constructActor,
  type DeactivationReason,
} from "@troupe/sdk";
import { ActivationHost } from "./activation-host.ts";
import type { ActivationParts } from "./activation-parts.ts";
import type { ActorStorage } from "./actor-storage.ts";
import { Mailbox, type MailboxOwner } from "./mailbox.ts";
import { methodOf } from "./method-of.ts";
import { type GateOwner, OutputGate } from "./output-gate.ts";
import { OWN_PEER, ownRequest } from "./own-request.ts";
import {
  answerError,
  errorOutcome,
  outcomeOf,
  outcomeWithoutRunning,
  thrownOutcome,
} from "./outcome.ts";
import { reentryOf } from "./reentrancy.ts";
import { RepeatedCalls } from "./repeated-calls.ts";
import { Turn, type TurnOwner } from "./turn.ts";
import { UnitOfWork, type UnitOwner } from "./unit-of-work.ts";

/**
 * How long a turn that does not end may hold up the deactivation of its actor, if its deadline is
 * not later.
 */
const LAST_TURN_MS = 30_000;

const NO_TURNS: readonly Turn[] = [];

/** Made once, and not for each turn. */
const perform = (turn: Turn, activation: Activation): unknown => activation.perform(turn);

type State =
  | { readonly kind: "loading" }
  | { readonly kind: "active"; readonly actor: Actor }
  | { readonly kind: "closing"; readonly actor: Actor | undefined; readonly done: Promise<void> }
  | { readonly kind: "gone" };

/**
 * One actor, alive on this silo. It runs the actor's turns, has what they changed stored, and
 * answers through the sink that came with the request.
 *
 * A1. No turn starts, and no outcome leaves, while the silo is in doubt about its lease (C1).
 * A2. An outcome leaves after what its turn changed was stored, and so does each call that a turn
 *     makes after what earlier turns changed; a turn that throws changes nothing (D1; see
 *     `UnitOfWork` and `OutputGate`).
 * A3. A failed commit ends the activation: what it has in memory may not be what is stored (D2).
 */
export class Activation implements TurnOwner, MailboxOwner<Turn>, GateOwner, UnitOwner {
  readonly address: ActorAddress;
  readonly definition: ActorDefinition;
  readonly storage: ActorStorage;
  readonly #parts: ActivationParts;
  readonly #host: ActivationHost;
  #repeated: RepeatedCalls | undefined;
  readonly #mailbox: Mailbox<Turn>;
  readonly gate: OutputGate;
  readonly #unit: UnitOfWork;
  /** Nearly always one or none. */
  #running: readonly Turn[] = NO_TURNS;
  #state: State = { kind: "loading" };
  #onQuiet: (() => void) | undefined;
  #internalCalls = 0;
  #usedAt: number;
  #waitsForLease = false;

  constructor(parts: ActivationParts, address: ActorAddress, definition: ActorDefinition) {
    this.#parts = parts;
    this.address = address;
    this.definition = definition;
    this.storage = parts.createStorage(this);
    this.#host = new ActivationHost(address, this.storage, parts);
    this.#mailbox = new Mailbox(this);
    this.gate = new OutputGate(this);
    this.#unit = new UnitOfWork(this);
    this.#usedAt = parts.clock.monotonic();
  }

  get siloId(): string {
    return this.#parts.siloId;
  }

  get clock(): Clock {
    return this.#parts.clock;
  }

  get mailboxMax(): number {
    return this.definition.mailboxMax;
  }

  get epoch(): number {
    return this.storage.epoch;
  }

  get log(): Logger {
    return this.#host.log;
  }

  get state(): State["kind"] {
    return this.#state.kind;
  }

  get waiting(): number {
    return this.#mailbox.waiting;
  }

  /** True if nothing runs or waits and no call came for the type's `idleAfter`. */
  isIdle(now: number): boolean {
    const isQuiet =
      this.#state.kind === "active" && this.#mailbox.running === 0 && this.#mailbox.waiting === 0;
    return isQuiet && now - this.#usedAt >= this.definition.idleAfterMs;
  }

  /** Brings the actor to life. Turns that came meanwhile wait. */
  async load(): Promise<void> {
    try {
      const result = await this.storage.load();
      // It may have moved away by now, and be alive elsewhere.
      if (this.#state.kind !== "loading") return;
      if (result.kind === "refused") {
        this.#abandon({ kind: "refused", reason: "not-owner", revision: result.revision });
        return;
      }
      if ((!this.#isServing() && !(await this.#parts.serving())) || this.state !== "loading")
        return;
      const actor = constructActor(this.definition, this.#host);
      await this.#runInternal("onActivate", () => actor.onActivate());
      if (this.state !== "loading") return;
      this.#state = { kind: "active", actor };
      this.#mailbox.open();
    } catch (error) {
      if (this.#state.kind !== "loading") return;
      const what = `${formatAddress(this.address)} could not be activated: ${messageOf(error)}`;
      const isStore = error instanceof TroupeError && error.code === "STORE_UNAVAILABLE";
      const failure = new TroupeError(isStore ? "STORE_UNAVAILABLE" : "ACTIVATION_FAILED", what, {
        ran: "no",
        cause: error,
      });
      this.#abandon(errorOutcome(failure));
    }
  }

  /**
   * Takes a request; `now` is as for `LocalSilo`. `"closing"`: this activation takes none any more;
   * another comes after it.
   */
  accept(request: RequestEnvelope, sink: ReplySink, now: number): "accepted" | "closing" {
    if (this.#state.kind === "gone") return "closing";
    const concurrency = this.definition.methods.get(request.method)?.concurrency;
    const system = concurrency === undefined ? this.#parts.systemMethod(request.method) : undefined;
    if (concurrency === undefined && system === undefined) {
      answerError(sink, request, noSuchMethod(this.address, request.method, this.definition));
      return "accepted";
    }
    const reentry = reentryOf(request, this.#running, this.definition.reentrancy);
    if (reentry.kind === "deadlock") {
      answerError(sink, request, reentry.error);
      return "accepted";
    }
    const parent = reentry.kind === "nested" ? reentry.parent : undefined;
    if (parent !== undefined && this.#state.kind === "loading") {
      const what = `${formatAddress(this.address)}.${request.method}()`;
      answerError(
        sink,
        request,
        new TroupeError("DEADLOCK", `${what} would wait for onActivate, which waits for it`),
      );
      return "accepted";
    }
    const key = repetitionKey(request);
    if (
      key !== undefined &&
      (this.#repeated ??= new RepeatedCalls()).joinOrBegin(key, request, sink)
    )
      return "accepted";
    const facts = { request, sink, concurrency: this.#concurrencyOf(concurrency), parent, system };
    const posted = this.#mailbox.post(new Turn(facts, this, this.#parts.clock), now);
    if (posted !== "accepted") this.#endRepeated(request);
    if (posted === "full") {
      const message = `${formatAddress(this.address)} has ${this.definition.mailboxMax} waiting turns; raise mailboxMax or call less`;
      answerError(sink, request, new TroupeError("MAILBOX_FULL", message));
    } else if (posted === "accepted" && request.oneWay) {
      sink.reply(request.callId, {
        kind: "value",
        payload: toPortable(undefined, { root: "result" }),
      });
    }
    return posted === "closed" ? "closing" : "accepted";
  }

  /**
   * The caller gave up: the request is dropped if it waits, and its turn's signal is aborted if it
   * runs.
   */
  cancel(callId: number, sink: ReplySink): void {
    const matches = (turn: Turn): boolean => turn.request.callId === callId && turn.sink === sink;
    const dropped = this.#mailbox.remove(matches);
    if (dropped !== undefined) return this.#endRepeated(dropped.request);
    for (const turn of this.#running) {
      const what = `${formatAddress(this.address)}.${turn.request.method}()`;
      if (matches(turn))
        turn.abort(new TroupeError("CANCELLED", `the caller of ${what} gave up`, { ran: "maybe" }));
    }
  }

  /**
   * Ends the activation: waiting turns go to the next one, running turns end, `onDeactivate` runs,
   * changes are stored. Never rejects.
   */
  close(reason: DeactivationReason): Promise<void> {
    if (this.#state.kind === "closing") return this.#state.done;
    if (this.#state.kind === "gone") return Promise.resolve();
    const actor = this.#state.kind === "active" ? this.#state.actor : undefined;
    const done = this.#close(actor, reason);
    if (this.state !== "gone") this.#state = { kind: "closing", actor, done };
    return done;
  }

  /** Calls one of the actor's methods in the running turn; for ticks. */
  invoke(method: string, argument: unknown): unknown {
    const actor = this.#actor();
    return methodOf(actor, method).call(actor, argument);
  }

  async #close(actor: Actor | undefined, reason: DeactivationReason): Promise<void> {
    for (const turn of this.#mailbox.close()) this.#giveBack(turn);
    await this.#quiet();
    await this.gate.drained().catch(() => undefined);
    // Beside a turn that never ended, what the hook changes would be stored with the half of that
    // (D1).
    if (
      actor !== undefined &&
      reason !== "failed" &&
      this.#running.length === 0 &&
      this.#isServing()
    ) {
      await this.#runInternal("onDeactivate", () => actor.onDeactivate(reason)).catch(
        (error: unknown) => {
          this.log.error(
            { reason: messageOf(error) },
            "onDeactivate failed; what it changed is not stored",
          );
        },
      );
    }
    if (reason !== "failed") await this.storage.settled();
    this.#gone();
  }

  /** A turn that never started goes to the next activation, unless only this one asked for it. */
  #giveBack({ request, sink }: Turn): void {
    if (sink.peerId === OWN_PEER)
      sink.reply(request.callId, { kind: "refused", reason: "not-ready", revision: 0 });
    else this.#parts.redispatch(request, sink);
    this.#endRepeated(request);
  }

  /** Resolves when no turn runs, or when those that do have had their time. */
  async #quiet(): Promise<void> {
    if (this.#running.length === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onQuiet = resolve;
    const { clock } = this.#parts;
    const lastDeadline = Math.max(...this.#running.map(({ deadline }) => deadline));
    const timer = clock.schedule(Math.max(LAST_TURN_MS, lastDeadline - clock.monotonic()), () => {
      const methods = this.#running.map((turn) => turn.request.method);
      this.log.error(
        { methods },
        "a turn did not end in time; the actor is deactivated without it, and nothing of it is stored",
      );
      resolve();
    });
    await promise;
    timer.cancel();
  }

  /** Ends an activation that cannot serve: everybody who waits gets the outcome. */
  #abandon(outcome: Outcome): void {
    for (const turn of this.#mailbox.close()) {
      turn.sink.reply(turn.request.callId, outcome);
      this.#endRepeated(turn.request);
    }
    this.#gone();
  }

  #gone(): void {
    this.#state = { kind: "gone" };
    this.storage.dispose();
    this.#parts.onGone(this);
  }

  /** Of a method that is defined so, or of a turn of the silo's own if it is undefined. */
  #concurrencyOf(defined: Concurrency | undefined): Concurrency {
    return defined === "exclusive" && this.definition.reentrancy === "full"
      ? "interleave"
      : (defined ?? "exclusive");
  }

  /** For the mailbox: runs the turn. */
  startTurn(turn: Turn, now: number): void {
    const { request } = turn;
    // Ticks of its own timers keep no actor alive.
    if (turn.system === undefined) this.#usedAt = now;
    const instead = outcomeWithoutRunning(request, this.storage, now);
    if (instead !== undefined) {
      this.#mailbox.finish(turn);
      this.gate.pass((failure) =>
        this.onAnswer(turn, failure === undefined ? instead : errorOutcome(failure)),
      );
      return;
    }
    this.#running = this.#running.length === 0 ? [turn] : [...this.#running, turn];
    this.#unit.begin(turn);
    try {
      const result = runInTurn(turn, perform, this);
      if (result instanceof Promise) {
        result.then(
          (value) => this.#unit.end(turn, outcomeOf(value)),
          (error) => this.#unit.end(turn, thrownOutcome(error)),
        );
      } else {
        this.#unit.end(turn, outcomeOf(result));
      }
    } catch (error) {
      this.#unit.end(turn, thrownOutcome(error));
    }
  }

  /** Does what the turn is for; within its scope. */
  perform({ request, system }: Turn): unknown {
    const args = (
      request.args.revive
        ? fromPortable(request.args, this.#parts.makeReference)
        : request.args.value
    ) as unknown[];
    if (system !== undefined) return system(this, args);
    const actor = this.#actor();
    return methodOf(actor, request.method).apply(actor, args);
  }

  /**
   * It is still there while the activation closes: a turn that has to end first may wait for one
   * that comes back to it.
   */
  #actor(): Actor {
    const actor =
      this.#state.kind === "active" || this.#state.kind === "closing"
        ? this.#state.actor
        : undefined;
    if (actor === undefined)
      throw new TroupeError("ACTIVATION_FAILED", `${formatAddress(this.address)} is not active`);
    return actor;
  }

  /**
   * For the mailbox. While the lease is in doubt no turn starts, and none is refused: so they keep
   * their order (C5).
   */
  timeToRun(now = this.#parts.clock.monotonic()): number | undefined {
    if (this.#parts.isServing(now)) return now;
    if (!this.#waitsForLease) void this.#openWhenServing();
    return undefined;
  }

  /**
   * For the gate. What a flush sets going (letters, reminders) is not the doing of the turn that
   * staged last.
   */
  writeStaged(): Promise<void> {
    return runOutsideTurns(() => this.storage.flush());
  }

  /** For the gate: a write failed. */
  onBroken(failure: unknown): void {
    this.log.warn({ reason: messageOf(failure) }, "a commit failed; the activation is thrown away");
    void this.close("failed");
  }

  async #openWhenServing(): Promise<void> {
    this.#waitsForLease = true;
    const isServing = await this.#parts.serving();
    this.#waitsForLease = false;
    if (isServing && this.state !== "loading") this.#mailbox.open();
  }

  #isServing(): boolean {
    return this.#parts.isServing(this.#parts.clock.monotonic());
  }

  /** For the unit of work: whether too much waits for turns that overlap. */
  holdBack(isHoldingBack: boolean): void {
    this.#mailbox.holdBack(isHoldingBack);
  }

  /** For the unit of work: the turn is over, and what waits for it may start. */
  onOver(turn: Turn): void {
    turn.end();
    this.#running =
      this.#running.length === 1 ? NO_TURNS : this.#running.filter((other) => other !== turn);
    this.#mailbox.finish(turn);
    if (this.#running.length > 0) return;
    this.#onQuiet?.();
    if (this.#host.wantsToEnd && this.#state.kind === "active") void this.close("requested");
  }

  /** For the unit of work: the outcome may leave now. */
  onAnswer(turn: Turn, outcome: Outcome): void {
    this.#endRepeated(turn.request);
    // A one-way call was answered when it was accepted.
    if (turn.request.oneWay) return;
    if (this.#isServing()) turn.sink.reply(turn.request.callId, outcome);
    else void this.#answerWhenServing(turn, outcome);
  }

  #endRepeated(ended: RequestEnvelope): void {
    const key = repetitionKey(ended);
    if (key === undefined) return;
    this.#repeated?.end(key, (request, sink) => this.#parts.redispatch(request, sink));
  }

  async #answerWhenServing({ sink, request }: Turn, outcome: Outcome): Promise<void> {
    if (await this.#parts.serving()) sink.reply(request.callId, outcome);
  }

  /** Runs a hook of the actor as a turn of its own, and stores what it changed. */
  async #runInternal(method: string, work: () => unknown): Promise<void> {
    const request = ownRequest({
      ...this.address,
      callId: ++this.#internalCalls,
      method,
      deadline: this.#parts.clock.monotonic() + this.definition.callTimeoutMs,
      // Whoever woke the actor waits for its onActivate too, so a call of that may come back to
      // them.
      chain: this.#mailbox.first?.request.chain ?? [],
    });
    const sink: ReplySink = {
      peerId: `${formatAddress(this.address)}#${method}`,
      principal: { role: "silo", name: this.#parts.siloId },
      reply() {},
    };
    const facts = {
      request,
      sink,
      concurrency: "exclusive",
      parent: undefined,
      system: undefined,
    } as const;
    const turn = new Turn(facts, this, this.#parts.clock);
    this.#running = [...this.#running, turn];
    try {
      await runInTurn(turn, work, turn);
      const changes = this.storage.collect([]);
      if (changes !== undefined) {
        this.storage.stage(changes);
        this.gate.stage();
      }
    } catch (error) {
      this.storage.rollback();
      throw error;
    } finally {
      turn.end();
      this.#running =
        this.#running.length === 1 ? NO_TURNS : this.#running.filter((other) => other !== turn);
      if (this.#running.length === 0) this.#onQuiet?.();
    }
    await this.gate.drained();
  }
}
