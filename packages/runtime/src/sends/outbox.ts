import {
  type ActorAddress,
  type FieldChange,
  type Fields,
  formatAddress,
  RecordTable,
  toPortable,
  TroupeError,
} from "@troupe/core";
import type { AnswerTurn, DurableCall, PartEntry, PartHost } from "@troupe/sdk";
import { markOf } from "../import-mark.ts";
import { OUTBOX_TURN } from "./send-turns.ts";

/** A durable send that has not yet arrived. */
export interface PendingSend {
  /** Higher than that of every earlier send of the sender. */
  readonly seq: number;
  readonly type: string;
  readonly id: string;
  readonly method: string;
  /** In portable form. */
  readonly args: readonly unknown[];
  readonly headers: Readonly<Record<string, string>> | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly sentAt: number;
  /** Where its answer goes, with the token in portable form. Most have none. */
  readonly answer?: AnswerTurn;
}

/** A durable send that its receiver would not take. */
export interface DeadLetter extends PendingSend {
  readonly reason: string;
  readonly diedAt: number;
}

/** What is stored of an outbox besides its sends. */
export interface OutboxState {
  /** The number of the last send. */
  readonly lastSeq: number;
  /**
   * Of the entry that makes a new owner wake this actor. There is one while anything is pending.
   */
  readonly awakeTag?: string | undefined;
  /** When anything became pending, in milliseconds since the Unix epoch. */
  readonly awakeAt?: number | undefined;
  /**
   * Until then a copy of an earlier send may be under way, in milliseconds since the Unix epoch.
   */
  readonly doubtUntil?: number | undefined;
  /** When somebody looks for sends that are left behind. Only older versions of Troupe store it. */
  readonly checkAt?: number | undefined;
}

/** Sends of one actor that may be pending, and dead letters that are kept. */
const PENDING_MAX = 1_000;

export const OUTBOX_PREFIXES = { pending: "o:", dead: "l:", state: "n:" } as const;

const STATE = "state";

/** The field that holds the state of an outbox. */
export const OUTBOX_STATE_FIELD = OUTBOX_PREFIXES.state + STATE;

/**
 * The durable sends of an actor that have not yet arrived: a part of its durable state, written
 * with the turn that sent them (D7). While there are any, an entry of the due index stands for
 * them, so that a new owner of the actor finds them.
 */
export class Outbox {
  readonly #host: PartHost;
  readonly #pending: RecordTable<PendingSend>;
  readonly #dead: RecordTable<DeadLetter>;
  readonly #state: RecordTable<OutboxState>;
  /** IMP-7 */
  #sendsAbove = 0;

  constructor(host: PartHost) {
    this.#host = host;
    this.#pending = new RecordTable(OUTBOX_PREFIXES.pending, host);
    this.#dead = new RecordTable(OUTBOX_PREFIXES.dead, host);
    this.#state = new RecordTable(OUTBOX_PREFIXES.state, host);
  }

  load(fields: Fields): void {
    this.#pending.load(fields);
    this.#dead.load(fields);
    this.#state.load(fields);
    this.#sendsAbove = markOf(fields)?.sendsAbove ?? 0;
    // What an older version has stored has another entry, which goes with the next commit.
    if (this.#stored.checkAt !== undefined) this.#update({});
  }

  /** Sends that have not yet arrived, in the order in which they were sent. */
  get pending(): PendingSend[] {
    return this.#pending.values().toSorted((one, other) => one.seq - other.seq);
  }

  get deadLetters(): DeadLetter[] {
    return this.#dead.values().toSorted((one, other) => one.seq - other.seq);
  }

  get isEmpty(): boolean {
    return this.#pending.size === 0;
  }

  find(seq: number): PendingSend | undefined {
    return this.#pending.find(String(seq));
  }

  get lastSeq(): number {
    return this.#stored.lastSeq;
  }

  get doubtUntil(): number {
    return this.#stored.doubtUntil ?? 0;
  }

  /** What counts as stored, whatever a turn that runs has made of it. */
  get adoptedState(): OutboxState | undefined {
    return this.#state.findAdopted(STATE);
  }

  /**
   * Throws `NOT_SERIALIZABLE` or `PAYLOAD_TOO_LARGE` for wrong arguments, `OVERLOADED` if too many
   * sends are pending.
   */
  post(to: ActorAddress, call: DurableCall, answer: AnswerTurn | undefined): void {
    this.#checkRoom();
    const args = toPortable(call.args, { root: "args" }).value as unknown[];
    const portable = { ...call, args };
    if (answer === undefined) return this.#post(to, portable);
    const token = toPortable(answer.token, { root: "token" }).value;
    this.#post(to, portable, { turn: answer.turn, token });
  }

  #checkRoom(): void {
    if (this.#pending.size < PENDING_MAX) return;
    const message = `${PENDING_MAX} durable sends of ${formatAddress(this.#host.address)} have not arrived; send less, or wait until some have`;
    throw new TroupeError("OVERLOADED", message, { ran: "yes" });
  }

  /** Posts a call whose arguments and token are in portable form. */
  #post({ type, id }: ActorAddress, call: DurableCall, answer?: AnswerTurn): void {
    const seq = Math.max(this.lastSeq, this.#sendsAbove) + 1;
    const sentAt = this.#host.clock.now();
    const { method, args, headers } = call;
    const send: PendingSend = { seq, type, id, method, args, headers, sentAt };
    this.#pending.put(String(seq), answer === undefined ? send : { ...send, answer });
    this.#update({ lastSeq: seq });
  }

  /** The send has arrived. `doubtUntil` is as in `OutboxState`. */
  arrived(seq: number, doubtUntil: number): void {
    if (this.find(seq) === undefined) return;
    this.#pending.put(String(seq), undefined);
    if (this.isEmpty || doubtUntil > this.doubtUntil) this.#update({ doubtUntil });
  }

  /** The send is given up: it is kept among the dead letters, of which the oldest go first. */
  die(seq: number, reason: string): void {
    const send = this.find(seq);
    if (send === undefined) return;
    this.#pending.put(String(seq), undefined);
    const [oldest] = this.#dead.size >= PENDING_MAX ? this.deadLetters : [];
    if (oldest !== undefined) this.#dead.put(String(oldest.seq), undefined);
    this.#dead.put(String(seq), { ...send, reason, diedAt: this.#host.clock.now() });
    if (this.isEmpty) this.#update({});
  }

  /** Sends a dead letter again, under a new number. False if there is none of this number. */
  resend(seq: number): boolean {
    const letter = this.#dead.find(String(seq));
    if (letter === undefined) return false;
    this.#checkRoom();
    this.#dead.put(String(seq), undefined);
    this.#post(letter, letter, letter.answer);
    return true;
  }

  /** Forgets a dead letter. False if there is none of this number. */
  drop(seq: number): boolean {
    if (this.#dead.find(String(seq)) === undefined) return false;
    this.#dead.put(String(seq), undefined);
    return true;
  }

  collect(): FieldChange[] {
    return [...this.#pending.collect(), ...this.#dead.collect(), ...this.#state.collect()];
  }

  adopt(): void {
    this.#pending.adopt();
    this.#dead.adopt();
    this.#state.adopt();
  }

  rollback(): void {
    this.#pending.rollback();
    this.#dead.rollback();
    this.#state.rollback();
  }

  get #stored(): OutboxState {
    return this.#state.find(STATE) ?? { lastSeq: 0 };
  }

  /** There is an entry exactly while something is pending. */
  #update(change: Partial<OutboxState>): void {
    const { lastSeq, awakeTag, awakeAt, doubtUntil } = { ...this.#stored, ...change };
    const kept = {
      lastSeq,
      ...(doubtUntil === undefined || doubtUntil === 0 ? {} : { doubtUntil }),
    };
    const awake = {
      awakeTag: awakeTag ?? this.#host.nextTag(),
      awakeAt: awakeAt ?? this.#host.clock.now(),
    };
    this.#state.put(STATE, this.isEmpty ? kept : { ...kept, ...awake });
  }
}

/** What stands in the due index for a record of an outbox. */
export function outboxEntry(field: string, record: unknown): PartEntry | undefined {
  const name = field.slice(2);
  switch (field.slice(0, 2)) {
    case OUTBOX_PREFIXES.state:
      return stateEntry(record as OutboxState);
    case OUTBOX_PREFIXES.dead:
      return { kind: "listed", name, dueAt: (record as DeadLetter).diedAt, tag: "" };
    default:
      return undefined;
  }
}

function stateEntry({ awakeTag, awakeAt, checkAt }: OutboxState): PartEntry | undefined {
  if (awakeTag !== undefined)
    return { kind: "awake", name: OUTBOX_TURN, dueAt: awakeAt ?? 0, tag: awakeTag };
  if (checkAt === undefined) return undefined;
  return { kind: "due", name: OUTBOX_TURN, dueAt: checkAt, tag: "" };
}
