import {
  createValuePacker,
  type Envelope,
  type Hello,
  type Link,
  type LinkHandlers,
  type Principal,
  type Role,
  type SendResult,
} from "@troupe/core";
import type { SimProcess } from "./sim-process.ts";

const packer = createValuePacker();

/** What travels on a link: the far side's consent is first, a close is last. */
export type Parcel =
  | { readonly kind: "open" }
  | {
      readonly kind: "envelope";
      readonly bytes: Uint8Array;
      readonly label: string;
      readonly isRequest: boolean;
    }
  | { readonly kind: "close"; readonly reason: string };

/** Takes what one end sends. */
export type Carry = (from: SimLinkEnd, parcel: Parcel) => void;

/**
 * One end of a simulated link. What it sends is carried by the network; what arrives enters its
 * process.
 */
export class SimLinkEnd implements Link {
  readonly remote: Hello;
  /** Processes of a simulation are what they say they are. */
  readonly principal: Principal;
  readonly process: SimProcess;
  /** Tells the link from every other; both ends have the same. */
  readonly channel: string;
  readonly #arriving: (envelope: Envelope) => readonly Envelope[];
  readonly #carry: Carry;
  readonly #onOpen: ((end: SimLinkEnd) => LinkHandlers) | undefined;
  #handlers: LinkHandlers | undefined;
  #isOpen = true;

  constructor(
    facts: {
      readonly remote: Hello;
      readonly process: SimProcess;
      readonly channel: string;
      /** What becomes of an envelope on arrival. */
      readonly arriving: (envelope: Envelope) => readonly Envelope[];
      /**
       * What the other side is taken for. Default: what it says, as nobody lies in a simulation.
       */
      readonly role?: Role;
    },
    carry: Carry,
    onOpen?: (end: SimLinkEnd) => LinkHandlers,
  ) {
    this.remote = facts.remote;
    this.principal = { role: facts.role ?? facts.remote.role, name: facts.remote.peerId };
    this.process = facts.process;
    this.channel = facts.channel;
    this.#arriving = facts.arriving;
    this.#carry = carry;
    this.#onOpen = onOpen;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  start(handlers: LinkHandlers): void {
    this.#handlers = handlers;
  }

  send(envelope: Envelope): SendResult {
    if (!this.#isOpen) return "closed";
    const timeless =
      envelope.kind === "request"
        ? { ...envelope, deadline: envelope.deadline - this.process.clock.monotonic() }
        : envelope;
    const isRequest = envelope.kind === "request";
    const parcel: Parcel = {
      kind: "envelope",
      bytes: packer.pack(timeless),
      label: labelOf(envelope),
      isRequest,
    };
    this.process.act(() => this.#carry(this, parcel));
    return "sent";
  }

  close(reason: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.process.act(() => this.#carry(this, { kind: "close", reason }));
    this.process.clock.schedule(0, () => this.#handlers?.onClose(reason));
  }

  /** A parcel of the other side has arrived at the process. */
  take(parcel: Parcel): void {
    this.process.enter(this.channel, () => {
      if (!this.#isOpen) return;
      switch (parcel.kind) {
        case "open":
          this.#handlers = this.#onOpen?.(this);
          return;
        case "envelope":
          for (const envelope of this.#arriving(this.#unpack(parcel.bytes)))
            this.#handlers?.onEnvelope(envelope);
          return;
        case "close":
          this.#isOpen = false;
          this.#handlers?.onClose(parcel.reason);
          return;
      }
    });
  }

  /** Gives the owner of this end an envelope that nobody sent; only mutations do. */
  inject(envelope: Envelope): void {
    if (this.#isOpen) this.#handlers?.onEnvelope(envelope);
  }

  #unpack(bytes: Uint8Array): Envelope {
    const envelope = packer.unpack(bytes) as Envelope;
    return envelope.kind === "request"
      ? { ...envelope, deadline: envelope.deadline + this.process.clock.monotonic() }
      : envelope;
  }
}

function labelOf(envelope: Envelope): string {
  switch (envelope.kind) {
    case "request":
      return `request ${envelope.type}/${envelope.id}.${envelope.method} r${envelope.revision}`;
    case "reply":
      return envelope.outcome.kind === "refused"
        ? `reply refused ${envelope.outcome.reason} r${envelope.outcome.revision}`
        : `reply ${envelope.outcome.kind}`;
    case "cancel":
      return `cancel ${envelope.type}/${envelope.id}`;
    case "ping":
    case "pong":
      return envelope.kind;
    case "item":
      return `item ${envelope.item.kind}`;
    case "credit":
      return `credit ${envelope.items}`;
    case "released":
      return `released r${envelope.revision} holding ${envelope.holding.join(",") || "nothing"}`;
  }
}

interface Queued {
  parcel: Parcel;
}

/** Exchanges two parcels that wait one behind the other, if both are requests. */
export function swapRequests(one: Queued | undefined, other: Queued | undefined): void {
  if (
    one === undefined ||
    other === undefined ||
    !isRequestParcel(one.parcel) ||
    !isRequestParcel(other.parcel)
  )
    return;
  [one.parcel, other.parcel] = [other.parcel, one.parcel];
}

function isRequestParcel(parcel: Parcel): boolean {
  return parcel.kind === "envelope" && parcel.isRequest;
}
