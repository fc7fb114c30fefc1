import type { Concurrency } from "@troupe/sdk";
import type { Shortage } from "./call-budget.ts";
import { Fifo } from "./fifo.ts";

/** What a mailbox has to know of a turn. */
export interface MailboxEntry {
  readonly concurrency: Concurrency;
  /**
   * True for a turn that a running turn of this activation waits for: it would wait for itself in
   * the queue.
   */
  readonly nested: boolean;
  /** What it counts for while it waits. */
  readonly bytes: number;
}

/** What became of a turn that was posted; if it was refused, for the want of what. */
export type Posted = "accepted" | "closed" | "full" | Shortage;

/** The activation, as its mailbox sees it. */
export interface MailboxOwner<T> {
  readonly mailboxMax: number;
  readonly mailboxBytes: number;
  /** The turn has to wait, or cannot: then it is refused for the want of what this says. */
  beginWait(turn: T): Shortage | undefined;
  /** The turn waits no more. */
  endWait(turn: T): void;
  /**
   * The monotonic time, if turns may run just now. It is `now`, if that was read since anything was
   * waited for or run.
   */
  timeToRun(now?: number): number | undefined;
  /** `now` is what `timeToRun` gave. */
  startTurn(turn: T, now: number): void;
}

/**
 * The queue in front of one activation.
 *
 * MBX-1. An exclusive turn runs beside no other exclusive or readonly turn, and readonly turns only
 *        beside readonly ones. A stream's turn starts while no exclusive one runs, and keeps none
 *        from starting.
 * MBX-2. Turns start in arrival order, but for interleaving and nested ones, which start at once.
 * MBX-3. A turn that was accepted starts, or `close` gives it back. After `close` only nested ones
 *        start, which a running turn waits for, and hooks.
 * MBX-4. At most `mailboxMax` turns wait, and turns of `mailboxBytes` bytes.
 * MBX-5. Each turn's owner is asked just before the turn starts whether it may: the turn before it
 *        may have kept the event loop busy (C1).
 * MBX-6. While new turns are held back, only nested ones start, which a running turn waits for.
 */
export class Mailbox<T extends MailboxEntry> {
  readonly #owner: MailboxOwner<T>;
  /** Made when a turn has to wait for the first time. */
  #queue: Fifo<T> | undefined;
  #exclusive = 0;
  #readonly = 0;
  /** Those that keep no other from starting. */
  #beside = 0;
  #state: "held" | "open" | "closed" = "held";
  #draining = false;
  #isHoldingBack = false;

  /**
   * Holds its turns until `open`, and whenever its owner says that none may run: then until the
   * next `open`.
   */
  constructor(owner: MailboxOwner<T>) {
    this.#owner = owner;
  }

  get waiting(): number {
    return this.#queue?.length ?? 0;
  }

  get running(): number {
    return this.#exclusive + this.#readonly + this.#beside;
  }

  /** The turns that wait, in order. */
  get waitingTurns(): readonly T[] {
    return this.#queue?.values() ?? [];
  }

  /** True while turns wait that are otherwise never kept waiting. */
  get isHoldingBack(): boolean {
    return this.#isHoldingBack;
  }

  /** The turn that waits for longest. */
  get first(): T | undefined {
    return this.#queue?.peek();
  }

  post(turn: T, now: number): Posted {
    const passes =
      turn.nested ||
      (turn.concurrency === "interleave" && this.#state === "open" && !this.#isHoldingBack);
    const isNext = this.waiting === 0 && !this.#draining && this.#mayStart(turn);
    if (this.#state !== "held" && (passes || isNext) && this.#owner.timeToRun(now) !== undefined) {
      this.#start(turn, now);
      return "accepted";
    }
    if (this.#state === "closed" && !turn.nested) return "closed";
    if (this.waiting >= this.#owner.mailboxMax) return "full";
    return this.#enqueue(turn);
  }

  #enqueue(turn: T): Posted {
    const weight = (this.#queue?.weight ?? 0) + turn.bytes;
    if (weight > this.#owner.mailboxBytes) return "mailbox";
    const shortage = this.#owner.beginWait(turn);
    if (shortage !== undefined) return shortage;
    this.#queue ??= new Fifo();
    this.#queue.weight = weight;
    this.#queue.push(turn);
    this.#drain();
    return "accepted";
  }

  /** Starts a turn of the activation's own while no other may: before `open`, or after `close`. */
  startBeside(turn: T, now: number): void {
    this.#start(turn, now);
  }

  open(): void {
    if (this.#state === "held") this.#state = "open";
    this.#drain();
    this.#startThosePassing();
  }

  /** New turns start no more, but for nested ones, until this is called with false. */
  holdBack(isHoldingBack: boolean): void {
    if (isHoldingBack === this.#isHoldingBack) return;
    this.#isHoldingBack = isHoldingBack;
    if (!isHoldingBack && this.#state !== "held") this.open();
  }

  /** To be called once for each turn that was started. */
  finish(turn: T): void {
    if (this.waiting === 0) this.#queue = undefined;
    this.#count(turn, -1);
    this.#drain();
  }

  /** Takes a waiting turn out of the queue. */
  remove(matches: (turn: T) => boolean): T | undefined {
    return this.#left(this.#queue?.remove(matches));
  }

  /** Starts nothing any more; gives back the turns that wait. */
  close(): T[] {
    this.#state = "closed";
    return this.clear();
  }

  /** Gives back the turns that wait, and goes on. */
  clear(): T[] {
    const turns = this.#queue?.clear() ?? [];
    for (const turn of turns) this.#left(turn);
    return turns;
  }

  #left(turn: T | undefined): T | undefined {
    if (turn === undefined) return undefined;
    if (this.#queue !== undefined) this.#queue.weight -= turn.bytes;
    this.#owner.endWait(turn);
    return turn;
  }

  #drain(): void {
    // A turn may finish while it is being started; the loop that is running then goes on with the
    // next.
    if (this.#draining) return;
    this.#draining = true;
    try {
      for (let turn = this.first; turn !== undefined && this.#mayStart(turn); turn = this.first) {
        const now = this.#owner.timeToRun();
        if (now === undefined) return;
        this.#left(this.#queue?.shift());
        this.#start(turn, now);
      }
    } finally {
      this.#draining = false;
    }
  }

  /** Those turns wait for nothing but that turns may run. */
  #startThosePassing(): void {
    for (;;) {
      const now = this.waiting === 0 ? undefined : this.#owner.timeToRun();
      const turn =
        now === undefined ? undefined : this.remove(this.#isHoldingBack ? isNested : passesOthers);
      if (now === undefined || turn === undefined) return;
      this.#start(turn, now);
    }
  }

  #start(turn: T, now: number): void {
    this.#count(turn, 1);
    this.#owner.startTurn(turn, now);
  }

  #mayStart(turn: T): boolean {
    if (this.#state !== "open") return false;
    if (turn.nested) return true;
    if (this.#isHoldingBack) return false;
    switch (turn.concurrency) {
      case "interleave":
        return true;
      case "readonly":
      case "stream":
        return this.#exclusive === 0;
      case "exclusive":
        return this.#exclusive === 0 && this.#readonly === 0;
    }
  }

  #count({ nested, concurrency }: T, change: 1 | -1): void {
    if (nested || concurrency === "interleave" || concurrency === "stream") this.#beside += change;
    else if (concurrency === "readonly") this.#readonly += change;
    else this.#exclusive += change;
  }
}

function passesOthers({ concurrency, nested }: MailboxEntry): boolean {
  return nested || concurrency === "interleave";
}

function isNested({ nested }: MailboxEntry): boolean {
  return nested;
}
