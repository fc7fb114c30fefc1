import {
  type ActorAddress,
  copyOfPortable,
  type FieldChange,
  type Fields,
  formatAddress,
  fromPortable,
  messageOf,
  randomId,
  TroupeError,
} from "@troupe/core";
import type { ActorHost, PartHost, PartState, SiloHost } from "@troupe/sdk";
import type { Command, Episode, Input } from "../machine/episode.ts";
import { isLastLoss, isUnderWay } from "../machine/pending.ts";
import { RunMachine } from "../machine/run-machine.ts";
import { Backlog } from "./backlog.ts";
import { tellParent } from "./family.ts";
import { RESUME_TURN } from "./flow-turns.ts";
import { LiveRun } from "./live-run.ts";
import { lostForGood } from "./made-inputs.ts";
import { replayHistory } from "./replay-history.ts";
import { ResultWaiters } from "./result-waiters.ts";
import { RunCode } from "./run-code.ts";
import { type EffectsOwner, RunEffects } from "./run-effects.ts";
import type { RunRecord } from "./run-record.ts";
import { RunStore } from "./run-store.ts";
import { RunUpkeep } from "./run-upkeep.ts";
import { turnUntilStored } from "./turn-until-stored.ts";
import type { WorkflowProgram, WorkflowPrograms } from "./workflow-program.ts";

type Started = Extract<Input, { kind: "started" }>;

/**
 * One run, on the silo that owns it: its history, its machine, and, once it is needed, its code.
 *
 * RUNS-1. An input is one episode: it is applied, the code is driven, and what that led to is
 *         stored with it in the turn's commit.
 * RUNS-2. What cannot be applied because the code is blocked waits in the backlog, in order. The
 *         history is not touched (W3).
 * RUNS-3. Code cannot be taken back. If a turn that drove it is not stored, the activation ends,
 *         and the next one replays what is.
 * RUNS-4. A run that continues with another input is a new run in the same commit: with its own
 *         history, and with the events that nobody has taken.
 */
export class WorkflowInstance implements PartState, EffectsOwner {
  readonly code: RunCode;
  readonly waiters: ResultWaiters;
  readonly effects: RunEffects;
  /** It is there before the first turn. */
  upkeep: RunUpkeep | undefined;
  readonly host: PartHost;
  readonly silo: SiloHost;
  readonly store: RunStore;
  readonly #backlog: Backlog;
  #actor: ActorHost | undefined;
  #machine = new RunMachine();
  #live: LiveRun | undefined;
  /** The history, until the code has been brought to its end. */
  #episodes: Episode[] = [];
  /** Steps that were under way when their silo was lost. */
  readonly #orphans: number[] = [];
  /** Requests whose answers are not stored yet, as far as is known. */
  #answered: readonly string[] = [];
  /** True if the code was driven, and what it did does not count as stored. */
  #isDriven = false;
  #isBroken = false;

  constructor(host: PartHost, silo: SiloHost, programs: WorkflowPrograms) {
    this.host = host;
    this.silo = silo;
    this.code = new RunCode(host, silo, programs);
    this.store = new RunStore(host);
    this.#backlog = new Backlog(this.store);
    this.effects = new RunEffects(this, host, silo);
    this.waiters = new ResultWaiters(host.clock);
  }

  /** The actor that the run lives in. It is there before the first turn. */
  attach(actor: ActorHost): void {
    this.#actor = actor;
    this.code.actor = actor;
    this.upkeep = new RunUpkeep(this.host, actor, this.store);
  }

  get address(): ActorAddress {
    return this.host.address;
  }

  /** Undefined if there is no run. */
  get record(): RunRecord | undefined {
    return this.store.record;
  }

  /** The code of the run's version, if this silo has it, else its current one. */
  get program(): WorkflowProgram {
    return this.code.programOf(this.record);
  }

  get runId(): string {
    return this.record?.runId ?? "";
  }

  get machine(): RunMachine {
    return this.#machine;
  }

  get live(): LiveRun | undefined {
    return this.#live;
  }

  /** Inputs that wait for the code. */
  get waitingInputs(): number {
    return this.#backlog.size;
  }

  /** True if the request was asked before. */
  hasAsked(ask: string): boolean {
    return this.#machine.requests.has(ask) || this.#backlog.hasAsked(ask);
  }

  get episodes(): number {
    return this.store.history.size;
  }

  load(fields: Fields): void {
    const { episodes, waiting } = this.store.load(fields);
    for (const episode of episodes) this.#machine.restore(episode);
    if (this.#machine.hasEnded) return;
    this.#episodes = episodes;
    this.#backlog.load(waiting);
    for (const [number, pending] of this.#machine.pending)
      if (isUnderWay(pending) && !this.#backlog.has(number)) this.#orphans.push(number);
  }

  loaded(): void {
    if (this.#orphans.length > 0 || this.record?.blocked !== undefined)
      turnUntilStored(this.host, RESUME_TURN);
  }

  collect(): FieldChange[] {
    return this.store.collect();
  }

  adopt(): void {
    this.store.adopt();
    this.#isDriven = false;
  }

  /** RUNS-3 */
  rollback(): void {
    this.store.rollback();
    if (this.#isDriven) this.#breakOff();
  }

  staged(): () => void {
    const start = this.effects.staged();
    const { hasEnded, requests } = this.#machine;
    const answered = [...this.#answered, ...requests.takeFresh()];
    this.#answered = answered;
    return () => {
      start();
      this.#answered = this.#answered.filter((ask) => !answered.includes(ask));
      for (const ask of answered) this.waiters.answered(ask);
      if (hasEnded) this.waiters.release(true);
    };
  }

  disposed(): void {
    this.effects.abandon("the run lives on another silo now, or was deactivated");
    this.waiters.release(false);
  }

  /** Begins the run. The caller knows that there is none. */
  async start(record: RunRecord, input: Omit<Started, "kind" | "seed">): Promise<void> {
    this.checkUnbroken();
    this.store.record = record;
    await this.take({ kind: "started", ...input, seed: record.runId });
  }

  /** From now on this is the run, with a part of an older history, if it has any. */
  async begin(record: RunRecord, episodes: Episode[]): Promise<void> {
    this.checkUnbroken();
    this.#isDriven = true;
    this.effects.abandon("another run of this id begins");
    this.#orphans.length = 0;
    this.store.history.removeBefore(this.store.history.next);
    this.#backlog.takeAll();
    this.store.record = record;
    this.#live = undefined;
    this.#machine = new RunMachine();
    this.#episodes = episodes;
    for (const episode of episodes) {
      this.store.history.append(episode);
      this.#machine.restore(episode);
    }
    if (episodes.length > 0) await this.resume();
  }

  /** The live form of a value of the run, which stays as it is. */
  revive(portable: unknown): unknown {
    return fromPortable(copyOfPortable(portable), this.host.makeReference);
  }

  /** Takes an input: applies it, or keeps it until the code can be driven. */
  async take(input: Input): Promise<void> {
    this.checkUnbroken();
    const isForCode = input.kind !== "terminate";
    if (!isForCode || (await this.#becomesLive())) await this.#apply(input);
    else if (!this.#isStale(input)) this.#backlog.keep(input);
    await this.follow();
  }

  /** The code waits for something foreign, and went on by itself. */
  async takeForeign(message: string): Promise<void> {
    this.checkUnbroken();
    if (this.#live === undefined) return;
    this.#block(new TroupeError("FOREIGN_AWAIT", message));
    await this.follow();
  }

  /** The reminder's time has come: for timers, and for the end of what is kept of an ended run. */
  async wake(): Promise<void> {
    this.checkUnbroken();
    if (this.upkeep?.ticked() === true) return this.host.destroy();
    const now = this.host.clock.now();
    const isLive = await this.#becomesLive();
    for (
      let of = isLive ? this.#machine.firstDue(now) : undefined;
      of !== undefined && this.#live !== undefined;
      of = this.#machine.firstDue(now)
    ) {
      // oxlint-disable-next-line no-await-in-loop -- one timer after the other.
      if (!(await this.#apply({ kind: "timer", of }))) break;
      if (this.#machine.pending.get(of)?.kind === "run") this.effects.startLater(of);
    }
    await this.follow();
  }

  /** A new owner goes on: with inputs that waited, and with steps that were lost. */
  async resume(): Promise<void> {
    this.checkUnbroken();
    const isLive = await this.#becomesLive();
    const { runId } = this;
    for (const of of isLive ? this.#orphans.splice(0) : []) {
      const step = runId === this.runId ? this.#machine.pending.get(of) : undefined;
      if (this.#live === undefined || step === undefined || !isUnderWay(step)) continue;
      // oxlint-disable-next-line no-await-in-loop -- one step after the other.
      await this.#apply(isLastLoss(step) ? lostForGood(of, step.name) : { kind: "lost", of });
      this.effects.startLater(of);
    }
    await this.follow();
  }

  /** True if the code stands where the history ends. If it cannot, the run is blocked. */
  async #becomesLive(): Promise<boolean> {
    if (this.record === undefined || this.#machine.hasEnded) return false;
    if (this.record.suspendedAt !== undefined) return false;
    if (this.#live === undefined && !(await this.#replay(this.record))) return false;
    if (this.#backlog.size > 0 || this.record.blocked !== undefined) await this.#catchUp();
    return this.#live !== undefined;
  }

  async #replay({ isAgain = false, ...record }: RunRecord): Promise<boolean> {
    if (record.blocked?.digest === this.program.digest) return false;
    try {
      this.code.check(this.record);
      this.#live = await replayHistory(this.#episodes, {
        ...this.code.partsOf(this.record),
        isAgain,
      });
    } catch (error) {
      this.#block(error);
      return false;
    }
    this.#machine = this.#live.machine;
    this.#episodes = [];
    if (isAgain) {
      this.store.record = record;
      this.effects.again(this.#fence);
    }
    return true;
  }

  get #fence(): number {
    return this.#actor?.context().fence ?? 0;
  }

  /** The code can be driven again. */
  async #catchUp(): Promise<void> {
    if (this.record?.blocked !== undefined) {
      const { blocked: _, ...rest } = this.record;
      this.store.record = rest;
      this.host.log.info({ event: "workflow_unblocked" }, "a blocked run goes on");
    }
    const { runId } = this;
    for (const input of this.#backlog.takeAll()) {
      // The run may have continued with another input meanwhile.
      if ("of" in input && runId !== this.runId) continue;
      // oxlint-disable-next-line no-await-in-loop -- one input after the other.
      if (this.#live !== undefined) await this.#apply(input);
      else this.#backlog.keep(input);
    }
  }

  /** RUNS-1. False if the input is stale. */
  async #apply(input: Input, notBefore = this.#machine.now): Promise<boolean> {
    const at = Math.max(notBefore, this.host.clock.now());
    if (!this.#machine.apply(input, at)) return false;
    this.#isDriven = true;
    try {
      const accepted = (await this.#live?.drive(this.episodes)) ?? [];
      const commands = accepted.map(({ command }): Command => command);
      this.store.history.append({ at: this.#machine.now, input, commands });
      this.effects.begin(accepted, this.#fence);
    } catch (error) {
      if (!(error instanceof TroupeError) || error.code !== "FOREIGN_AWAIT") {
        this.#breakOff();
        throw error;
      }
      // What the code was told is not in the history, so other code can be told the same.
      this.#block(error);
      this.#backlog.keep(input);
    }
    if (this.#machine.phase === "continued") await this.#continue();
    return true;
  }

  /** RUNS-4 */
  async #continue(): Promise<void> {
    const { record } = this;
    const { now, continuation: input, deadline } = this.#machine;
    if (record === undefined) return;
    const runId = randomId(this.silo.random);
    const events = this.#machine.leftEvents();
    const answered = this.#machine.answered();
    this.effects.abandon("the run continues with another input");
    this.#orphans.length = 0;
    this.store.history.removeBefore(this.store.history.next);
    const { earlierIds: _, ...rest } = record;
    this.store.record = { ...rest, runId, version: this.code.newVersion };
    this.#live = new LiveRun(this.code.partsOf(this.record));
    this.#machine = this.#live.machine;
    const begin: Input = { kind: "started", input, seed: runId, events, answered };
    await this.#apply(deadline === undefined ? begin : { ...begin, deadline }, now);
  }

  /** True for what belongs to nothing that the run waits for. */
  #isStale(input: Input): boolean {
    if ("ask" in input && input.ask !== undefined && this.hasAsked(input.ask)) return true;
    return this.#machine.hasEnded || ("of" in input && !this.#machine.pending.has(input.of));
  }

  /** The code cannot go on. If it was driven, nobody knows where it stands. */
  #block(error: unknown): void {
    if (this.record === undefined) return;
    const code = error instanceof TroupeError ? error.code : "INTERNAL";
    const message = messageOf(error);
    const { digest } = this.program;
    const blocked = { code, message, digest, since: this.host.clock.now() };
    this.store.record = { ...this.record, blocked };
    this.host.log.error({ event: "workflow_blocked", code, reason: message }, "a run is blocked");
    if (this.#live === undefined) return;
    this.#live = undefined;
    this.effects.abandon("the run is blocked");
    this.#actor?.deactivate();
  }

  /** What follows from the state that the turn leaves behind. */
  async follow(): Promise<void> {
    const { record } = this;
    if (record !== undefined && this.#machine.hasEnded && record.endedAt === undefined) {
      const { blocked: _, suspendedAt: __, ...rest } = record;
      this.store.record = { ...rest, endedAt: this.#machine.now };
      tellParent(this.host, this);
      this.#backlog.takeAll();
      this.effects.abandon("the run has ended");
      this.#live = undefined;
    }
    await this.upkeep?.follow(this.#machine);
  }

  /** RUNS-3 */
  #breakOff(): void {
    this.#isBroken = true;
    this.#live = undefined;
    this.effects.abandon("a turn of the run could not be stored");
    this.#actor?.deactivate();
  }

  /** RUNS-3. Throws if memory is not what is stored. */
  checkUnbroken(): void {
    if (!this.#isBroken) return;
    const message = `${formatAddress(this.address)} is loaded again, because a turn of it could not be stored`;
    throw new TroupeError("ACTIVATION_FAILED", message);
  }
}
