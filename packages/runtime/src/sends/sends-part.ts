import { type LetterOutcome, runOutsideTurns } from "@troupe/client";
import {
  type ActorAddress,
  copyOfPortable,
  type FieldChange,
  type Fields,
  formatAddress,
  errorToPortable,
  fromPortable,
  type Logger,
  PortableRef,
} from "@troupe/core";
import {
  type AnswerTurn,
  type DurableCall,
  type DurablePart,
  type PartHost,
  type PartKey,
  partKey,
  type PartState,
} from "@troupe/sdk";
import { isMarked } from "../import-mark.ts";
import {
  type DeadLetter,
  Outbox,
  OUTBOX_PREFIXES,
  outboxEntry,
  type PendingSend,
} from "./outbox.ts";
import { type Delivered, DOUBT_MS, SendDelivery } from "./send-delivery.ts";
import {
  ARRIVED_TURN,
  DIED_TURN,
  DROP_TURN,
  LETTERS_TURN,
  OUTBOX_TURN,
  REFUSE_TURN,
  RESEND_TURN,
  SENT_TURN,
  SETTLED_TURN,
} from "./send-turns.ts";

export interface SendsParts {
  readonly logger: Logger;
  /** Calls the receiver; the key tells a repetition. */
  deliver(send: PendingSend, sender: ActorAddress): Promise<LetterOutcome>;
  callTurn(address: ActorAddress, name: string, args: readonly unknown[]): Promise<unknown>;
}

/**
 * The durable sends of one actor: its outbox, and what delivers from it while the actor is active.
 */
export class ActorSends implements PartState {
  readonly outbox: Outbox;
  readonly #host: PartHost;
  readonly #parts: SendsParts;
  #delivery: SendDelivery | undefined;

  constructor(host: PartHost, parts: SendsParts) {
    this.#host = host;
    this.#parts = parts;
    this.outbox = new Outbox(host);
  }

  post(to: ActorAddress, call: DurableCall, answer: AnswerTurn | undefined): void {
    this.outbox.post(to, call, answer);
  }

  load(fields: Fields): void {
    this.outbox.load(fields);
  }

  /** What is pending now may have been tried before. */
  loaded(): void {
    if (this.outbox.isEmpty) return;
    this.#delivery = this.#createDelivery(this.#host.clock.now() + DOUBT_MS);
    this.#deliver(this.outbox.lastSeq);
  }

  collect(): FieldChange[] {
    return this.outbox.collect();
  }

  adopt(): void {
    this.outbox.adopt();
  }

  rollback(): void {
    this.outbox.rollback();
  }

  /** A turn that runs meanwhile may send more, and may still throw. */
  staged(): (() => void) | undefined {
    if (this.outbox.isEmpty) return undefined;
    const upTo = this.outbox.lastSeq;
    return () => this.#deliver(upTo);
  }

  disposed(): void {
    this.#delivery?.dispose();
  }

  /**
   * The turn that woke the actor may be another's: a send that belonged to it would be a part of
   * it, and be undone with it.
   */
  #deliver(upTo: number): void {
    const delivery = (this.#delivery ??= this.#createDelivery(0));
    runOutsideTurns(() => delivery.stored(upTo));
  }

  /** `inDoubtUntil`: until then a copy of what is pending may be under way. */
  #createDelivery(inDoubtUntil: number): SendDelivery {
    const host = this.#host;
    const { outbox } = this;
    const parts = this.#parts;
    const sender = host.address;
    return new SendDelivery(
      {
        clock: host.clock,
        logger: parts.logger,
        sender,
        pending: () => outbox.pending,
        get isDisposed() {
          return host.isDisposed;
        },
        deliver: (send) => parts.deliver(send, sender),
        refuse: (send, error) => parts.deliver(refusalOf(send, sender, error), sender),
        async arrived({ seq, answer }, delivered, doubtUntil) {
          const told = answer === undefined ? undefined : delivered;
          const { kind } = await host.runTurn(ARRIVED_TURN, [seq, told, doubtUntil]);
          return kind === "value";
        },
        async died({ seq }, reason) {
          return (await host.runTurn(DIED_TURN, [seq, reason])).kind === "value";
        },
        settled(send, isCertain) {
          // A receiver that does not hear of it asks one day.
          parts
            .callTurn(send, SETTLED_TURN, [formatAddress(sender), send.seq, isCertain])
            .catch(() => undefined);
        },
      },
      Math.max(inDoubtUntil, outbox.doubtUntil),
    );
  }
}

export const SENDS: PartKey<ActorSends> = partKey("sends");

/** The durable sends of an actor (D7). */
export function sendsPart(parts: SendsParts): DurablePart<ActorSends> {
  return {
    key: SENDS,
    prefixes: Object.values(OUTBOX_PREFIXES),
    outlivesActor: true,
    looksAt: (_, fields) => isMarked(fields),
    create: (host) => new ActorSends(host, parts),
    entryOf: outboxEntry,
    turns: {
      [ARRIVED_TURN]: (host, [seq, delivered, doubtUntil]) =>
        arrived(host, Number(seq), delivered as Delivered | undefined, Number(doubtUntil ?? 0)),
      [DIED_TURN]: (host, [seq, reason]) => outboxOf(host).die(Number(seq), String(reason)),
      [OUTBOX_TURN]: (host, [tag, dueAt]) => lookAwake(host, String(tag), Number(dueAt)),
      [SENT_TURN]: (host, [receiver, seq]) => isOver(host, String(receiver), Number(seq)),
      [LETTERS_TURN]: (host) => outboxOf(host).deadLetters.map(asSent),
      [RESEND_TURN]: (host, [seq]) => outboxOf(host).resend(Number(seq)),
      [DROP_TURN]: (host, [seq]) => outboxOf(host).drop(Number(seq)),
    },
    operatorTurns: { [LETTERS_TURN]: "looks", [RESEND_TURN]: "changes", [DROP_TURN]: "changes" },
  };
}

/** Under the same number: the receiver stores the fate of one of the two. */
function refusalOf(send: PendingSend, sender: ActorAddress, error: unknown): PendingSend {
  const args = [formatAddress(sender), send.seq, errorToPortable(error).value];
  return { ...send, method: REFUSE_TURN, args };
}

function outboxOf(host: PartHost): Outbox {
  return host.part(SENDS).outbox;
}

/** The answer takes its effect together with the end of the send. */
function arrived(
  host: PartHost,
  seq: number,
  delivered: Delivered | undefined,
  doubtUntil: number,
): unknown {
  const answer = outboxOf(host).find(seq)?.answer;
  outboxOf(host).arrived(seq, doubtUntil);
  if (answer === undefined || delivered === undefined) return undefined;
  const token = fromPortable(copyOfPortable(answer.token), host.makeReference);
  return host.perform(answer.turn, [token, delivered]);
}

/** A dead letter with its arguments as the sender gave them, which can be copied as a result. */
function asSent(letter: DeadLetter): DeadLetter {
  const args = fromPortable(copyOfPortable(letter.args), asReference) as unknown[];
  return { ...letter, args };
}

function asReference({ type, id }: ActorAddress): PortableRef {
  return new PortableRef(type, id);
}

/**
 * What is pending is being delivered since the actor was loaded. An entry for nothing goes away.
 */
function lookAwake(host: PartHost, tag: string, dueAt: number): void {
  const state = outboxOf(host).adoptedState;
  if (state?.awakeTag === tag) return;
  host.afterStored((failure) => {
    if (failure !== undefined || outboxOf(host).adoptedState?.awakeTag === tag) return;
    host.forget([{ kind: "awake", name: OUTBOX_TURN, dueAt, tag }]);
  });
}

/** True if no send to the receiver up to the number is pending, nor a copy of one under way. */
function isOver(host: PartHost, receiver: string, seq: number): boolean {
  const outbox = outboxOf(host);
  if (host.clock.now() < outbox.doubtUntil) return false;
  return !outbox.pending.some((send) => send.seq <= seq && formatAddress(send) === receiver);
}
