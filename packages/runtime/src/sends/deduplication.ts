import {
  createValuePacker,
  errorToPortable,
  type FieldChange,
  type Fields,
  formatAddress,
  fromPortable,
  type Outcome,
  parseAddress,
  parseDelivery,
  type Payload,
  RecordTable,
} from "@troupe/core";
import {
  type DurablePart,
  type PartHost,
  type PartKey,
  partKey,
  type PartState,
  type SiloHost,
} from "@troupe/sdk";
import { type Delivered, DOUBT_MS } from "./send-delivery.ts";
import { REFUSE_TURN, SENT_TURN, SETTLED_TURN } from "./send-turns.ts";

/** The last durable send of one sender that took effect here, or was refused for good. */
interface ReceivedFrom {
  readonly sender: string;
  readonly seq: number;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  /** What it gave, if the sender wants to know; or the error with which it was refused. */
  readonly answer?: KeptAnswer;
}

interface KeptAnswer {
  readonly bytes: Uint8Array;
  readonly revive: boolean;
  readonly size: number;
  readonly isError?: true;
}

const packer = createValuePacker();

/** With more senders than these, the oldest are asked whether they may be forgotten. */
const ASK_FROM = 1_000;

/** Senders that are asked at the same time. */
const ASKING_MAX = 4;

/** Senders that are remembered. Sends of more have to wait. */
const SENDERS_MAX = 100_000;

const PREFIX = "d:";

/** What became of a durable send here, once that is certain. */
type Fate = Exclude<Outcome, { kind: "refused" }>;

/** Of one that took effect and whose sender does not ask what it gave. */
const NO_RESULT: Fate = { kind: "value", payload: { value: undefined, revive: false, size: 0 } };

/** Asks a sender whether a send to this actor, or an earlier one, may still be under way. */
export type AskSender = (sender: string, receiver: string, seq: number) => Promise<boolean>;

/**
 * Which durable sends have taken effect here: the last number of each sender, stored with the
 * effect (D7). A sender numbers its sends upwards and sends the next to the same receiver when the
 * last one has arrived, so a number that is not higher is a repetition.
 *
 * DED-1. A sender is forgotten only when no copy of what it sent can be under way: it said so, or
 *        said that nothing is pending `DOUBT_MS` ago, or was asked and answered so.
 * DED-2. A sender that may be forgotten goes with the next commit, and costs none of its own.
 * DED-3. A number has one fate, that of the first commit here which has it: the send took effect,
 *        or it was refused, and never will. Each copy is answered with that fate.
 */
export class Deduplication implements PartState {
  readonly #host: PartHost;
  readonly #ask: AskSender;
  readonly #table: RecordTable<ReceivedFrom>;
  /** Senders that may be forgotten. Not stored: a sender whose word is lost is asked one day. */
  readonly #forgettable = new Set<string>();
  /**
   * From when on others may be, in milliseconds since the Unix epoch; the earliest stands first.
   */
  readonly #doubtful = new Map<string, number>();
  readonly #asked = new Set<string>();

  constructor(host: PartHost, ask: AskSender) {
    this.#host = host;
    this.#ask = ask;
    this.#table = new RecordTable(PREFIX, host);
  }

  load(fields: Fields): void {
    this.#table.load(fields, (one, other) => one.at - other.at);
  }

  has(sender: string, seq: number): boolean {
    return (this.#table.find(sender)?.seq ?? 0) >= seq;
  }

  /** True if a send of this sender can be remembered. */
  hasRoomFor(sender: string): boolean {
    const left = this.#table.size - this.#forgettable.size;
    return left < SENDERS_MAX || this.#table.find(sender) !== undefined;
  }

  /** What became of a send; undefined if nothing has yet. */
  fateOf(sender: string, seq: number): Fate | undefined {
    const received = this.#table.find(sender);
    if (received === undefined || received.seq < seq) return undefined;
    // The sender has stored what became of it, or else there would be no later one.
    if (received.seq > seq || received.answer === undefined) return NO_RESULT;
    const { bytes, revive, size, isError } = received.answer;
    const payload = { value: packer.unpack(bytes), revive, size };
    return { kind: isError === true ? "error" : "value", payload };
  }

  /** From now on no copy of the send takes effect, if none has. What became of it then. */
  refuse(sender: string, seq: number, error: Payload): Fate {
    const fate = this.fateOf(sender, seq);
    if (fate !== undefined) return fate;
    this.#put({ sender, seq, at: this.#host.clock.now(), answer: keptAnswer(error, true) });
    return { kind: "error", payload: error };
  }

  /** The send took effect. `answer` is kept for as long as the sender may ask again. */
  put(sender: string, seq: number, answer?: Payload): void {
    const received = { sender, seq, at: this.#host.clock.now() };
    this.#put(answer === undefined ? received : { ...received, answer: keptAnswer(answer) });
  }

  #put(received: ReceivedFrom): void {
    const { sender, at } = received;
    this.#forgettable.delete(sender);
    this.#doubtful.delete(sender);
    this.#forget(at);
    // The newest stand last.
    this.#table.put(sender, undefined);
    this.#table.put(sender, received);
    if (this.#table.size > ASK_FROM) this.#askOldest(at);
  }

  /** Everything up to `seq` has arrived. `isCertain` if no copy of it can be under way any more. */
  settle(sender: string, seq: number, isCertain: boolean): void {
    if (this.#table.find(sender)?.seq !== seq) return;
    if (isCertain) this.#forgettable.add(sender);
    else this.#doubtful.set(sender, this.#host.clock.now() + DOUBT_MS);
  }

  collect(): FieldChange[] {
    return this.#table.collect();
  }

  adopt(): void {
    this.#table.adopt();
    for (const sender of this.#forgettable) {
      if (this.#table.find(sender) === undefined) this.#forgettable.delete(sender);
    }
  }

  rollback(): void {
    this.#table.rollback();
  }

  #forget(now: number): void {
    for (const [sender, from] of this.#doubtful) {
      if (from > now) break;
      this.#doubtful.delete(sender);
      this.#forgettable.add(sender);
    }
    for (const sender of this.#forgettable) this.#table.put(sender, undefined);
  }

  #askOldest(now: number): void {
    for (const { sender, seq, at } of this.#table.values()) {
      if (this.#asked.size >= ASKING_MAX || now - at < DOUBT_MS) return;
      const isKnown = this.#doubtful.has(sender) || this.#asked.has(sender);
      if (!isKnown) void this.#askOne(sender, seq);
    }
  }

  /** A sender that cannot be reached is asked again, by when another send comes. */
  async #askOne(sender: string, seq: number): Promise<void> {
    this.#asked.add(sender);
    const isOver = await this.#ask(sender, formatAddress(this.#host.address), seq).catch(
      () => false,
    );
    this.#asked.delete(sender);
    if (isOver) this.settle(sender, seq, true);
  }
}

/** Packed at once: the payload itself goes to the sender's silo. */
function keptAnswer({ value, revive, size }: Payload, isError = false): KeptAnswer {
  const kept = { bytes: packer.pack(value), revive, size };
  return isError ? { ...kept, isError } : kept;
}

export const DEDUPLICATION: PartKey<Deduplication> = partKey("deduplication");

/** What an actor remembers of the durable sends that took effect in it. */
export function deduplicationPart(silo: SiloHost): DurablePart<Deduplication> {
  const ask: AskSender = async (sender, receiver, seq) => {
    const address = parseAddress(sender);
    // A sender of a type that is gone sends nothing any more.
    if (address === undefined) return true;
    return (await silo.callTurn(address, SENT_TURN, [receiver, seq])) === true;
  };
  return {
    key: DEDUPLICATION,
    prefixes: [PREFIX],
    outlivesActor: true,
    create: (host) => new Deduplication(host, ask),
    turns: {
      [SETTLED_TURN]: (host, [sender, seq, isCertain]) =>
        host.part(DEDUPLICATION).settle(String(sender), Number(seq), isCertain === true),
      [REFUSE_TURN]: (host, [sender, seq, error]) =>
        refuse(host, String(sender), Number(seq), error),
    },
    requests: {
      covers: (key) => parseDelivery(key) !== undefined,
      find: (host, key, method) => {
        const send = parseDelivery(key);
        // The turn itself tells what became of the send.
        if (send === undefined || method === REFUSE_TURN) return undefined;
        return host.part(DEDUPLICATION).fateOf(send.sender, send.seq);
      },
      hasRoomFor: (host, key) => {
        const send = parseDelivery(key);
        return send === undefined || host.part(DEDUPLICATION).hasRoomFor(send.sender);
      },
      keep: (host, { key, result }) => {
        const send = parseDelivery(key);
        if (send === undefined) return;
        const { sender, seq, asks } = send;
        const received = host.part(DEDUPLICATION);
        // It was refused in this very turn.
        if (received.has(sender, seq)) return;
        received.put(sender, seq, asks ? result : undefined);
      },
    },
  };
}

function refuse(host: PartHost, sender: string, seq: number, error: unknown): Delivered {
  const received = host.part(DEDUPLICATION);
  const { kind, payload } = received.refuse(sender, seq, errorToPortable(error));
  const given = payload.revive ? fromPortable(payload, host.makeReference) : payload.value;
  return kind === "value" ? { kind, value: given } : { kind, error: given };
}
