import { describeCall, type ReplySink, runOutsideTurns } from "@troupe/client";
import {
  type Clock,
  formatAddress,
  messageOf,
  type Outcome,
  type RequestEnvelope,
  toPortable,
  TroupeError,
  repetitionKey,
} from "@troupe/core";
import type { Concurrency } from "@troupe/sdk";
import type { TurnWork } from "./activation-parts.ts";
import type { Shortage } from "./call-budget.ts";
import type { ActorStorage } from "./actor-storage.ts";
import { blockersOf, type CallName, type CallWait, callWait } from "./call-wait.ts";
import { HookSink } from "./hook-sink.ts";
import { Mailbox, type MailboxOwner } from "./mailbox.ts";
import { answerError, errorOutcome, outcomeWithoutRunning } from "./outcome.ts";
import { type GateOwner, OutputGate } from "./output-gate.ts";
import { OWN_PEER, ownRequest } from "./own-request.ts";
import { performTurn } from "./perform-turn.ts";
import { concurrencyIn, reentryOf } from "./reentrancy.ts";
import { RepeatedCalls, type Repetition } from "./repeated-calls.ts";
import { RunningTurns } from "./running-turns.ts";
import type { RunnerOwner } from "./runner-owner.ts";
import { Turn, type TurnOwner } from "./turn.ts";
import { UnitOfWork, type UnitOwner } from "./unit-of-work.ts";

const NOTHING = toPortable(undefined, { root: "result" });

/**
 * Runs the turns of one activation: calls, the silo's own turns and the actor's hooks, all on one
 * road from the start to the answer.
 *
 * RUN-1. No turn starts, and no outcome leaves the silo, while the silo is in doubt about its lease
 *        (C1).
 * RUN-2. An outcome leaves after what its turn changed was stored, and so does each call that a
 *        turn makes after what earlier turns changed. A turn that throws changes nothing (D1; see
 *        `UnitOfWork` and `OutputGate`).
 * RUN-3. A hook runs while the mailbox starts nothing: before it is opened, or after it is closed.
 *        So it runs beside no other turn but those that it waits for.
 */
export class TurnRunner implements TurnOwner, MailboxOwner<Turn>, GateOwner, UnitOwner {
  readonly gate: OutputGate;
  readonly unit: UnitOfWork;
  readonly #owner: RunnerOwner;
  readonly #mailbox: Mailbox<Turn>;
  readonly #running = new RunningTurns();
  #repeated: RepeatedCalls | undefined;
  #usedAt: number;
  #waitsForLease = false;

  constructor(owner: RunnerOwner) {
    this.#owner = owner;
    this.#mailbox = new Mailbox(this);
    this.gate = new OutputGate(this);
    this.unit = new UnitOfWork(this);
    this.#usedAt = this.clock.monotonic();
  }

  get siloId(): string {
    return this.#owner.parts.siloId;
  }

  get clock(): Clock {
    return this.#owner.parts.clock;
  }

  get storage(): ActorStorage {
    return this.#owner.storage;
  }

  get epoch(): number {
    return this.#owner.storage.epoch;
  }

  get mailboxMax(): number {
    return this.#owner.definition.mailboxMax;
  }

  get mailboxBytes(): number {
    return this.#owner.parts.budget.mailboxBytes;
  }

  get waiting(): number {
    return this.#mailbox.waiting;
  }

  get running(): readonly Turn[] {
    return this.#running.all;
  }

  /** When the last call came; ticks of the actor's own timers are none. */
  get usedAt(): number {
    return this.#usedAt;
  }

  /** Turns may start from now on. */
  open(): void {
    this.#mailbox.open();
  }

  /** Takes a request; `"closing"`: the mailbox is closed. `now` is as for `LocalSilo`. */
  accept(
    { request, sink }: { readonly request: RequestEnvelope; readonly sink: ReplySink },
    concurrency: Concurrency | undefined,
    system: TurnWork | undefined,
    now: number,
  ): "accepted" | "closing" {
    const { reentrancy } = this.#owner.definition;
    const reentry = reentryOf(request, this.running, reentrancy);
    if (reentry.kind === "deadlock") {
      answerError(sink, request, reentry.error);
      return "accepted";
    }
    const parent = reentry.kind === "nested" ? reentry.parent : undefined;
    if (parent === undefined && this.#owner.isEnding && sink.peerId !== OWN_PEER) return "closing";
    if (parent !== undefined && this.#owner.isLoading) {
      const message = `${describeCall(request)} would wait for onActivate, which waits for it`;
      answerError(sink, request, new TroupeError("DEADLOCK", message));
      return "accepted";
    }
    const key = repetitionKey(request);
    if (key !== undefined && this.#repeats(key, { request, sink })) return "accepted";
    const parts = {
      request,
      sink,
      concurrency: concurrencyIn(reentrancy, concurrency),
      parent,
      system,
    };
    return this.#post(new Turn(parts, this, this.clock), now);
  }

  #post(turn: Turn, now: number): "accepted" | "closing" {
    const { request, sink } = turn;
    const posted = this.#mailbox.post(turn, now);
    if (posted === "accepted") {
      if (request.oneWay) sink.reply(request.callId, { kind: "value", payload: NOTHING });
      return "accepted";
    }
    this.#endRepeated(request);
    if (posted === "closed") return "closing";
    this.#refuse(posted, request, sink);
    return "accepted";
  }

  /** True if a call with the same key is under way: then this one waits for it, or is refused. */
  #repeats(key: string, { request, sink }: Repetition): boolean {
    const repeated = (this.#repeated ??= new RepeatedCalls(this, this.#owner.parts));
    const became = repeated.join(key, request, sink);
    if (became === "first") return false;
    if (became !== "joined") this.#refuse(became, request, sink);
    return true;
  }

  #refuse(shortage: "full" | Shortage, request: RequestEnvelope, sink: ReplySink): void {
    const { budget } = this.#owner.parts;
    if (shortage !== "full")
      return answerError(sink, request, budget.refusal(shortage, request, sink));
    const message = `${formatAddress(request)} has ${this.mailboxMax} waiting turns; raise mailboxMax or call less`;
    budget.countRefusal();
    answerError(sink, request, new TroupeError("MAILBOX_FULL", message));
  }

  /** For the mailbox. The turns that an activation makes by itself are few and small. */
  beginWait({ request, sink }: Turn): Shortage | undefined {
    if (this.waiting === 0) this.onWait();
    if (sink.peerId === OWN_PEER) return undefined;
    return this.#owner.parts.budget.take(request, sink);
  }

  /** For the mailbox. */
  endWait({ request, sink }: Turn): void {
    if (sink.peerId !== OWN_PEER) this.#owner.parts.budget.give(request, sink);
  }

  /**
   * The caller gave up: the request is dropped if it waits, and its turn's signal is aborted if it
   * runs.
   */
  cancel(callId: number, sink: ReplySink): void {
    const matches = (turn: Turn): boolean => turn.request.callId === callId && turn.sink === sink;
    const dropped = this.#mailbox.remove(matches);
    if (dropped !== undefined) return this.#endRepeated(dropped.request);
    if (this.#repeated?.cancel(callId, sink) === true) return;
    for (const turn of this.running) {
      if (!matches(turn)) continue;
      const message = `the caller of ${describeCall(turn.request)} gave up`;
      turn.abort(new TroupeError("CANCELLED", message, { ran: "maybe" }));
    }
  }

  /** Starts nothing any more but hooks; each turn that waits goes to `take`. */
  close(take: (turn: Turn) => void): void {
    this.#giveOut(this.#mailbox.close(), take);
  }

  /** Each turn that waits goes to `take`; further ones may start. */
  clear(take: (turn: Turn) => void): void {
    this.#giveOut(this.#mailbox.clear(), take);
  }

  #giveOut(turns: readonly Turn[], take: (turn: Turn) => void): void {
    for (const turn of turns) {
      take(turn);
      this.#endRepeated(turn.request);
    }
  }

  /** Resolves when no turn runs, or when those that do have had their time. */
  quiet(): Promise<void> {
    return this.#running.quiet({
      clock: this.clock,
      onLetGo: (turn) => {
        turn.end();
        this.#mailbox.finish(turn);
      },
      onLate: (turns) => {
        const methods = turns.map((turn) => turn.request.method);
        this.#owner.log.error(
          { event: "turn_abandoned", methods },
          "a turn did not end in time; the actor is deactivated without it, and nothing of it is stored",
        );
      },
    });
  }

  /**
   * Runs a hook of the actor as a turn. Resolves when what the hook changed is stored; rejects with
   * what it threw, or with why that could not be stored.
   */
  runHook(method: string, hook: TurnWork): Promise<void> {
    const { address, definition, parts } = this.#owner;
    const now = this.clock.monotonic();
    const request = ownRequest({
      ...address,
      callId: 0,
      method,
      deadline: now + definition.callTimeoutMs,
      // Whoever woke the actor waits for its onActivate too, so a call of that may come back to
      // them.
      chain: this.#mailbox.first?.request.chain ?? [],
    });
    const sink = new HookSink(`${formatAddress(address)}#${method}`, parts.makeReference);
    const turnParts = { request, sink, concurrency: "exclusive", system: hook } as const;
    this.#mailbox.startBeside(new Turn({ ...turnParts, parent: undefined }, this, this.clock), now);
    return sink.done;
  }

  /** True if something waits for the turns that run. */
  get isWaitedFor(): boolean {
    return this.#mailbox.waiting > 0 || this.unit.endedTurns.length > 0;
  }

  get waitingTurns(): readonly Turn[] {
    return this.#mailbox.waitingTurns;
  }

  /** The running turns that what waits here waits for. */
  get blockers(): readonly Turn[] {
    return blockersOf(this.running, this.unit.endedTurns, this.#mailbox.isHoldingBack);
  }

  /** What a call that is here waits for; undefined if it is not here. */
  waitOf(call: CallName): CallWait | undefined {
    return callWait(call, this);
  }

  /** Takes a turn that waits out of the mailbox and answers it. False if it waits no more. */
  refuseWaiting(turn: Turn, error: TroupeError): boolean {
    if (this.#mailbox.remove((other) => other === turn) === undefined) return false;
    this.#endRepeated(turn.request);
    answerError(turn.sink, turn.request, error);
    return true;
  }

  /** Lets go of the turns that run: what they change is not stored (D1), and their calls fail. */
  giveUp(error: TroupeError): void {
    const turns = this.#running.clear();
    this.gate.refuse(error);
    for (const turn of turns) {
      turn.abort(error);
      turn.end();
      this.#endRepeated(turn.request);
      if (!turn.request.oneWay) answerError(turn.sink, turn.request, error);
    }
  }

  /** Something waits for turns that run: from now on it is seen to that they end. */
  onWait(): void {
    this.#owner.parts.watch(this.#owner, this);
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
    this.#running.add(turn);
    turn.startedAt = now;
    this.unit.begin(turn);
    performTurn(turn, this.#owner, this.unit);
  }

  /**
   * For the mailbox. While the lease is in doubt no turn starts, and none is refused: so they keep
   * their order (C5).
   */
  timeToRun(now = this.clock.monotonic()): number | undefined {
    if (this.#owner.parts.isServing(now)) return now;
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
    const fields = { event: "commit_failed", reason: messageOf(failure) };
    this.#owner.log.warn(fields, "a commit failed; the activation is thrown away");
    this.#owner.onBroken();
  }

  /** For the unit of work: whether too much waits for turns that overlap. */
  holdBack(isHoldingBack: boolean): void {
    this.#mailbox.holdBack(isHoldingBack);
  }

  /** For the unit of work. */
  onDestroyed(): void {
    this.#owner.onDestroyed();
  }

  /** For the unit of work: the turn is over, and what waits for it may start. */
  onOver(turn: Turn): void {
    turn.end();
    this.#running.remove(turn);
    this.#mailbox.finish(turn);
    if (this.#running.checkQuiet()) this.#owner.onQuiet();
  }

  /** For the unit of work: the outcome may leave now. */
  onAnswer(turn: Turn, outcome: Outcome): void {
    this.#endRepeated(turn.request);
    const { parts } = this.#owner;
    const now = parts.clock.monotonic();
    parts.turnLog.ended(turn, now);
    parts.turnMeter?.ended(turn, outcome, now);
    // A one-way call was answered when it was accepted.
    if (turn.request.oneWay) return;
    if (parts.isServing(now) || turn.sink instanceof HookSink) this.#leave(turn, outcome);
    else void this.#answerWhenServing(turn, outcome);
  }

  #leave(turn: Turn, outcome: Outcome): void {
    const { sink, request } = turn;
    sink.reply(request.callId, outcome);
    if (request.stream !== undefined) this.#owner.parts.streams.opened(turn, outcome);
  }

  #endRepeated(ended: RequestEnvelope): void {
    const key = this.#repeated === undefined ? undefined : repetitionKey(ended);
    if (key !== undefined) this.#repeated?.end(key);
  }

  async #answerWhenServing(turn: Turn, outcome: Outcome): Promise<void> {
    if (await this.#owner.parts.serving()) this.#leave(turn, outcome);
  }

  async #openWhenServing(): Promise<void> {
    this.#waitsForLease = true;
    const isServing = await this.#owner.parts.serving();
    this.#waitsForLease = false;
    if (isServing && !this.#owner.isLoading) this.#mailbox.open();
  }
}
