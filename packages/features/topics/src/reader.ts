import {
  type FieldChange,
  type Fields,
  messageOf,
  RecordTable,
  type Scheduled,
} from "@troupe/core";
import type { PartEntry, PartHost, PartState, SiloHost } from "@troupe/sdk";
import { Backlog, type BacklogEntry } from "./backlog.ts";
import { DeadEvents } from "./dead-events.ts";
import { deadLetterOf } from "./dead-letter-of.ts";
import {
  type DeliveryProgress,
  nextRetryAt,
  progressFrom,
  progressPast,
  withAbsence,
  withDone,
  withFailure,
  withSent,
} from "./delivery-progress.ts";
import { nextSteps, type Step } from "./next-steps.ts";
import { ABSENT, type Delivered, deliveryCall, failureOf } from "./delivery-call.ts";
import type { Pulled } from "./partition.ts";
import { PullLoop } from "./pull-loop.ts";
import { ANY_WORKER, routeOf } from "./route-of.ts";
import type { TypeSubscription } from "./subscription.ts";
import { parseReader, partitionFor, subscriberTypeOf } from "./topic-addresses.ts";
import {
  ANSWERED_TURN,
  LOOK_TURN,
  OUTLET_TURN,
  PUBLISH_TURN,
  PULL_TURN,
  PULLED_TURN,
  RETRY_TURN,
} from "./topic-turns.ts";

/** What a reader stores besides the events that it gave up. */
export interface ReaderState {
  /** Undefined until it has heard from the partition where its group begins. */
  readonly progress?: DeliveryProgress | undefined;
  /** See `Group`. */
  readonly generation?: string | undefined;
  /** Of the entry that makes a new owner wake it. There is one while it is not idle. */
  readonly awakeTag?: string | undefined;
  /** When it ceased to be idle, in milliseconds since the Unix epoch. */
  readonly awakeAt?: number | undefined;
}

/** What comes back with the answer to a delivery. */
interface Token {
  readonly seqs: readonly number[];
  /** True for an event that was dead. */
  readonly isDead: boolean;
}

const PREFIXES = { state: "v:", dead: DeadEvents.prefix } as const;

const STATE = "state";

/**
 * Between looks at an event that is due and cannot be sent, because it has not been read again yet
 * or too many others are under way.
 */
const RETRY_AGAIN_MS = 500;

/**
 * Reads one partition for one group, and hands its events to the actors that subscribe.
 *
 * READ-1. An event is sent durably, in the commit that notes that it is under way; and what became
 *         of it is noted in the commit that ends the send (P3). So it takes effect once in its
 *         actor (P2).
 * READ-2. The partition hears only of events that are done in the store, and keeps all others.
 * READ-3. Until it has read everything, everything is done, and the partition knows both, a new
 *         owner wakes it; after that the partition does (P7).
 * READ-4. It reads ahead within the limits of its backlog, so slow subscribers fill nothing but the
 *         partition.
 */
export class Reader implements PartState {
  readonly #host: PartHost;
  readonly #silo: SiloHost;
  readonly #state: RecordTable<ReaderState>;
  readonly dead: DeadEvents;
  readonly #backlog = new Backlog();
  readonly #subscription: TypeSubscription | undefined;
  /** The number that the partition gives next, as far as is known. */
  #known = 0;
  /** True if the partition will tell of the next event. */
  #isTold = false;
  /** The cursor that is stored. */
  #storedCursor: number | undefined;
  readonly #loop: PullLoop;
  #retry: Scheduled | undefined;
  /** Until then events wait for others to go with. */
  #waitsUntil: number | undefined;

  static readonly prefixes: readonly string[] = Object.values(PREFIXES);

  /** `subscription` is undefined if the type has none of this group any more. */
  constructor(host: PartHost, silo: SiloHost, subscription: TypeSubscription | undefined) {
    this.#host = host;
    this.#silo = silo;
    this.#state = new RecordTable(PREFIXES.state, host);
    this.dead = new DeadEvents(host);
    this.#subscription = subscription;
    this.#loop = this.#createLoop();
  }

  /** What counts as stored, whatever a turn that runs has made of it. */
  get adoptedTag(): string | undefined {
    return this.#state.findAdopted(STATE)?.awakeTag;
  }

  /** The partition has events before this number. */
  wake(next: number): void {
    this.#known = Math.max(this.#known, next);
    this.#isTold = false;
    if (this.#current.awakeTag === undefined) {
      const awake = { awakeTag: this.#host.nextTag(), awakeAt: this.#host.clock.now() };
      this.#put({ ...this.#current, ...awake });
    } else this.#loop.pump();
  }

  /** The answer to a pull: undefined if the partition does not know the group any more. */
  pulled(pulled: Pulled | undefined, doneBefore: number | undefined): void {
    if (pulled === undefined) return this.#host.destroy();
    const subscription = this.#subscription;
    if (subscription === undefined) return;
    const { from, entries, next, generation } = pulled;
    this.#known = Math.max(this.#known, next);
    this.#isTold = entries.length === 0 && next >= this.#known;
    this.#begin(generation, from);
    const { makeReference } = this.#host;
    const reader = { type: this.#subscriberType, makeReference };
    const readAt = this.#host.clock.now();
    const routed = entries.map((entry) => ({
      ...entry,
      route: routeOf(entry.event, subscription, reader),
      readAt,
    }));
    this.#backlog.add(routed, (entries.at(-1)?.seq ?? next - 1) + 1);
    this.dispatch();
    if (this.#isTold && doneBefore === next && this.#progress?.cursor === next) this.#beIdle();
  }

  /** Sends what may be sent now, and does what else is to be done with the events at hand. */
  dispatch(): void {
    const { progress } = this.#current;
    const subscription = this.#subscription;
    if (progress === undefined || subscription === undefined) return;
    const { concurrency, attempts, bulk } = subscription;
    const now = this.#host.clock.now();
    const rules = { concurrency, attempts, now, bulk };
    this.#waitsUntil = undefined;
    let next = progress;
    for (const step of nextSteps(this.#backlog.entries, progress, rules))
      next = this.#take(next, step);
    this.#setProgress(next);
    if (this.#waitsUntil !== undefined) this.#scheduleRetry(1);
  }

  /** An event has come to its end at a subscriber. */
  answered({ seqs, isDead }: Token, delivered: Delivered): void {
    const reason = failureOf(delivered);
    for (const seq of seqs) {
      if (isDead) this.#resendEnded(seq, reason);
      else this.#ended(seq, reason);
    }
    if (!isDead) this.dispatch();
  }

  /** Hands a dead event to its actor once more. False if there is none of this number. */
  resend(seq: number): boolean {
    const dead = this.dead.find(seq);
    if (dead?.id === undefined) return false;
    if (dead.isResent === true) return true;
    this.dead.put({ ...dead, isResent: true });
    this.#send([{ event: dead.event, seq }], dead.id, true);
    return true;
  }

  load(fields: Fields): void {
    this.#state.load(fields);
    this.dead.load(fields);
  }

  loaded(): void {
    this.#stored(this.#progress?.cursor);
  }

  collect(): FieldChange[] {
    return [...this.#state.collect(), ...this.dead.collect()];
  }

  adopt(): void {
    this.#state.adopt();
    this.dead.adopt();
    if (this.#progress !== undefined) this.#backlog.prune(this.#progress);
  }

  rollback(): void {
    this.#state.rollback();
    this.dead.rollback();
  }

  staged(): () => void {
    const cursor = this.#progress?.cursor;
    return () => this.#stored(cursor);
  }

  disposed(): void {
    this.#loop.dispose();
    this.#retry?.cancel();
  }

  get #current(): ReaderState {
    return this.#state.find(STATE) ?? {};
  }

  get #progress(): DeliveryProgress | undefined {
    return this.#current.progress;
  }

  get #subscriberType(): string {
    return subscriberTypeOf(this.#host.address.type);
  }

  #put(state: ReaderState): void {
    this.#state.put(STATE, state);
  }

  #setProgress(progress: DeliveryProgress): void {
    if (progress !== this.#progress) this.#put({ ...this.#current, progress });
  }

  /** The first events since the reader was loaded, which may be those of another group. */
  #begin(generation: string, from: number): void {
    if (this.#backlog.readUpTo !== undefined && generation === this.#current.generation) return;
    const { progress, generation: earlier } = this.#current;
    if (progress !== undefined && generation === earlier)
      this.#setProgress(progressPast(progress, from));
    else this.#put({ ...this.#current, generation, progress: progressFrom(from) });
  }

  /** READ-3: the entry goes with the commit that says so. */
  #beIdle(): void {
    const { progress, generation } = this.#current;
    this.#put({ progress, generation });
  }

  #take(progress: DeliveryProgress, step: Step): DeliveryProgress {
    switch (step.kind) {
      case "send":
        this.#send(step.entries, step.id, false);
        return step.entries.reduce((next, { seq }) => withSent(next, seq), progress);
      case "wait":
        this.#waitsUntil = Math.min(this.#waitsUntil ?? step.until, step.until);
        return progress;
      case "skip":
        return withDone(progress, step.entry.seq);
      case "bury":
        this.#bury(step.entry, step.reasons);
        return withDone(progress, step.entry.seq);
    }
  }

  #bury({ seq, event, route }: BacklogEntry, reasons: readonly string[]): void {
    const { address, log, clock } = this.#host;
    const deadLetter = this.#subscription?.deadLetter;
    const id = route.kind === "deliver" ? route.id : undefined;
    const reason = reasons.at(-1) ?? "";
    let where = "among the dead events of its group";
    if (deadLetter === undefined) this.dead.put({ seq, event, id, reasons, diedAt: clock.now() });
    else {
      where = `in the topic ${deadLetter.name}`;
      const { generation = "" } = this.#current;
      const letter = deadLetterOf(event, { reader: address, generation, seq, reason });
      const method = deadLetter.pubsub === undefined ? PUBLISH_TURN : OUTLET_TURN;
      const call = { method, args: [{ ...letter, at: clock.now() }] };
      this.#host.send(partitionFor(deadLetter, letter), call);
    }
    log.error(
      { event: "event_dead", seq, id: event.id, reason },
      `an event is given up; it is ${where}`,
    );
  }

  /** Sends events to one actor; `isDead` if they were given up before. */
  #send(
    entries: readonly Pick<BacklogEntry, "event" | "seq">[],
    id: string,
    isDead: boolean,
  ): void {
    const { address } = this.#host;
    const { group } = parseReader(address);
    const call = deliveryCall(group, entries);
    const token: Token = { seqs: entries.map(({ seq }) => seq), isDead };
    // The calls of one worker may overlap, and the sends to one id do not.
    const to = id === ANY_WORKER ? `${address.id}/${token.seqs[0]}` : id;
    this.#host.send({ type: this.#subscriberType, id: to }, call, { turn: ANSWERED_TURN, token });
  }

  #ended(seq: number, reason: string | undefined): void {
    const now = this.#host.clock.now();
    const { progress } = this.#current;
    if (progress === undefined) return;
    const backoffMs = this.#subscription?.backoffMs ?? 0;
    if (reason === undefined) this.#setProgress(withDone(progress, seq));
    else if (reason === ABSENT) this.#setProgress(withAbsence(progress, seq, now));
    else {
      this.#host.log.warn({ event: "event_failed", seq, reason }, "the handler of an event threw");
      this.#setProgress(withFailure(progress, seq, { reason, now, backoffMs }));
    }
  }

  #resendEnded(seq: number, reason: string | undefined): void {
    const dead = this.dead.find(seq);
    if (dead === undefined) return;
    if (reason === undefined) this.dead.drop(seq);
    else this.dead.failedAgain(dead, reason);
  }

  /** What was changed is stored. */
  #stored(cursor: number | undefined): void {
    this.#storedCursor = cursor;
    this.#loop.pump();
    this.#scheduleRetry(1);
  }

  #createLoop(): PullLoop {
    const host = this.#host;
    const wantsToPull = (): boolean => this.#wantsToPull;
    return new PullLoop({
      clock: host.clock,
      get isDisposed() {
        return host.isDisposed;
      },
      get wantsToPull() {
        return wantsToPull();
      },
      pull: () => this.#pull(),
    });
  }

  #scheduleRetry(leastMs: number): void {
    this.#retry?.cancel();
    const times = [this.#progress && nextRetryAt(this.#progress), this.#waitsUntil];
    const at = Math.min(...times.map((time) => time ?? Number.POSITIVE_INFINITY));
    if (!Number.isFinite(at) || this.#host.isDisposed) return;
    const { clock } = this.#host;
    const pauseMs = Math.max(leastMs, Math.ceil(at - clock.now()));
    this.#retry = clock.schedule(pauseMs, () => {
      void this.#host.runTurn(RETRY_TURN, []).then(() => this.#scheduleRetry(RETRY_AGAIN_MS));
    });
  }

  /** True if the partition has something to give, or something to hear. */
  get #wantsToPull(): boolean {
    const { progress, awakeTag } = this.#current;
    if (awakeTag === undefined || this.#subscription === undefined) return false;
    const { readUpTo } = this.#backlog;
    if (progress === undefined || readUpTo === undefined) return true;
    if (!this.#isTold) return this.#backlog.hasRoom(progress);
    return progress.cursor === readUpTo && this.#storedCursor === readUpTo;
  }

  /** READ-2. False if it has to be tried again. */
  async #pull(): Promise<boolean> {
    const { partition, group } = parseReader(this.#host.address);
    const doneBefore = this.#storedCursor;
    const args = [group, doneBefore, this.#backlog.readUpTo];
    try {
      const pulled = await this.#silo.callTurn(partition, PULL_TURN, args);
      if (this.#host.isDisposed) return false;
      const outcome = await this.#host.runTurn(PULLED_TURN, [pulled, doneBefore]);
      return outcome.kind === "value";
    } catch (error) {
      const reason = messageOf(error);
      this.#host.log.debug({ reason }, "a partition could not be read; trying again");
      return false;
    }
  }
}

/** What stands in the due index for the state of a reader. */
export function readerEntry(field: string, record: unknown): PartEntry | undefined {
  if (!field.startsWith(PREFIXES.state)) return undefined;
  const { awakeTag, awakeAt = 0 } = record as ReaderState;
  if (awakeTag === undefined) return undefined;
  return { kind: "awake", name: LOOK_TURN, dueAt: awakeAt, tag: awakeTag };
}
