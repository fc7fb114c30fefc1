import {
  type Envelope,
  type Hello,
  type Link,
  type LinkAcceptor,
  type LinkHandlers,
  type Listener,
  type Principal,
  type Random,
  type Refusal,
  type Transport,
  TroupeError,
} from "@troupe/core";
import type { VirtualClock } from "@troupe/testkit";
import { LateCopies } from "./late-copies.ts";
import { SimCuts } from "./sim-cuts.ts";
import { type Parcel, SimLinkEnd, swapRequests } from "./sim-link.ts";
import type { SimProcess } from "./sim-process.ts";
import type { Trace } from "./trace.ts";

/** How long a dial waits for somebody who does not answer. */
const DIAL_TIMEOUT_MS = 2_000;

/**
 * How long a link may be silent before its ends give it up; keepalives of a real transport do that.
 */
const KEEPALIVE_MS: readonly [number, number] = [400, 1_500];

/** How much later than it was sent something of a process may arrive that was killed. */
const LATE_MS = 6_000;

/**
 * A time that was reached by adding up differs from the one that was asked for in its last digits.
 */
const ROUNDING_MS = 0.001;

export interface NetworkWeather {
  /** Milliseconds that most parcels take at most. */
  readonly delayMs: number;
  /** Share of the parcels that take up to `slowMs`. */
  readonly slowShare: number;
  readonly slowMs: number;
}

export interface SimNetworkParts {
  readonly random: Random;
  readonly trace: Trace;
  readonly weather: NetworkWeather;
  readonly mutation?: DeliveryMutation;
}

/** How a process came to its end. Without power nobody closes its connections. */
export type Death = "stopped" | "killed" | "without power";

/** What a mutation does with what links carry. */
export interface DeliveryMutation {
  /** What becomes of an envelope on arrival. */
  readonly arriving?: (envelope: Envelope) => readonly Envelope[];
  /** A request overtakes the one before it, if that is still under way. */
  readonly swapsRequests?: boolean;
  /** The process of that name is taken for a silo, whatever it is. */
  readonly believes?: string;
}

interface Way {
  readonly from: SimLinkEnd;
  readonly to: SimLinkEnd;
  readonly parcels: { at: number; parcel: Parcel }[];
  lastAt: number;
}

interface Wire {
  readonly there: Way;
  readonly back: Way;
}

interface SimListener {
  readonly process: SimProcess;
  readonly acceptor: LinkAcceptor;
  readonly ends: Set<SimLinkEnd>;
}

/** Somebody dials, and somebody listens. */
interface Meeting {
  readonly process: SimProcess;
  readonly listener: SimListener;
  readonly dial: {
    readonly hello: Hello;
    readonly accept: (link: Link) => LinkHandlers;
    readonly opened: (link: Link) => void;
    readonly isOver: () => boolean;
  };
}

/**
 * The wires between the processes of a simulation.
 *
 * SNET-1. Parcels of one link and direction arrive in the order they were sent; those of different
 *         links overtake each other.
 * SNET-2. A parcel is lost only with its link: both ends then hear of a close, each in its time.
 * SNET-3. What a process sent before it ended by itself arrives; before it was killed, it may;
 *         maybe seconds later; before the machine lost its power, it is lost in silence.
 */
export class SimNetwork {
  readonly #clock: VirtualClock;
  readonly #random: Random;
  readonly #trace: Trace;
  readonly #weather: NetworkWeather;
  readonly #mutation: DeliveryMutation;
  readonly #listeners = new Map<string, SimListener>();
  readonly #wires = new Set<Wire>();
  readonly #cuts = new SimCuts();
  readonly #copies = new LateCopies();
  /** Addresses of machines without power: nobody refuses a dial there. */
  readonly #dark = new Set<string>();
  #links = 0;

  constructor(clock: VirtualClock, parts: SimNetworkParts) {
    this.#clock = clock;
    this.#mutation = parts.mutation ?? {};
    this.#random = parts.random;
    this.#trace = parts.trace;
    this.#weather = parts.weather;
  }

  transportOf(process: SimProcess): Transport {
    return {
      listen: (address, acceptor) => this.#listen(process, address, acceptor),
      connect: (address, hello, accept) => this.#connect(process, address, { hello, accept }),
      close: () => Promise.resolve(),
    };
  }

  /** Drops everything that `from` sends to `to`, until as many heals have come. */
  cut(from: string, to: string): void {
    this.#cuts.cut(from, to);
    for (const wire of this.#wires) {
      if (this.#isCut(wire.there) || this.#isCut(wire.back))
        this.#giveUpLater(wire, () => this.#isCut(wire.there) || this.#isCut(wire.back));
    }
  }

  heal(from: string, to: string): void {
    this.#cuts.heal(from, to);
    this.#deliverAll();
  }

  healAll(): void {
    this.#cuts.healAll();
    this.#dark.clear();
    this.#deliverAll();
  }

  /** Breaks the links between two processes, with what is under way. */
  breakLinks(one: string, other: string): void {
    for (const wire of this.#wires) {
      const names = [wire.there.from.process.name, wire.there.to.process.name];
      if (names.includes(one) && names.includes(other))
        this.#break(wire, "the connection was reset");
    }
  }

  /** The process was stopped: its peers may take it for gone, though it is not. */
  stalled(process: SimProcess): void {
    for (const wire of this.#wires) {
      if (wire.there.from.process === process || wire.there.to.process === process)
        this.#giveUpLater(wire, () => process.state === "paused");
    }
  }

  /** The process is dead. */
  died(process: SimProcess, how: Death): void {
    const silent = how === "without power";
    for (const [address, listener] of this.#listeners) {
      if (listener.process !== process) continue;
      if (silent) this.#dark.add(address);
      else this.#listeners.delete(address);
    }
    for (const wire of this.#wires) {
      const way = wire.there.from.process === process ? wire.there : wire.back;
      if (way.from.process !== process) continue;
      if (silent) {
        way.parcels.length = 0;
        this.#giveUpLater(wire, () => true);
      } else {
        if (how === "killed") this.#leaveBehind(way);
        this.#send(way, { kind: "close", reason: "the other process is gone" });
      }
    }
  }

  /** What a killed process has sent is lost, or arrives, now or when others have gone on. */
  #leaveBehind(way: Way): void {
    if (this.#random.next() < 0.5) way.parcels.length = 0;
    const lateMs = this.#random.next() < 0.5 ? 0 : this.#random.next() * LATE_MS;
    for (const parcel of way.parcels) {
      parcel.at += lateMs;
      way.lastAt = Math.max(way.lastAt, parcel.at);
      this.#clock.schedule(parcel.at - this.#clock.monotonic(), () => this.#deliver(way));
    }
  }

  /** The open link ends of a process. */
  *endsOf(process: SimProcess): Iterable<SimLinkEnd> {
    for (const { there, back } of this.#wires) {
      if (there.from.process === process) yield there.from;
      if (back.from.process === process) yield back.from;
    }
  }

  async #listen(process: SimProcess, address: string, acceptor: LinkAcceptor): Promise<Listener> {
    if (this.#listeners.get(address)?.process.isDead === false) {
      throw new TroupeError("BAD_CONFIG", `${address} is in use; listen on another address`);
    }
    const listener: SimListener = { process, acceptor, ends: new Set() };
    this.#dark.delete(address);
    this.#listeners.set(address, listener);
    return {
      address,
      close: async () => {
        if (this.#listeners.get(address) === listener) this.#listeners.delete(address);
        for (const end of listener.ends) end.close("the other side stopped listening");
      },
    };
  }

  #connect(
    process: SimProcess,
    address: string,
    dial: { readonly hello: Hello; readonly accept: (link: Link) => LinkHandlers },
  ): Promise<Link> {
    return new Promise((resolve, reject) => {
      const state = { over: false };
      const settle = (step: () => void): void =>
        process.enter("dials", () => {
          if (state.over) return;
          state.over = true;
          step();
        });
      const fail = (error: TroupeError): void => settle(() => reject(error));
      process.act(() => {
        this.#clock.schedule(DIAL_TIMEOUT_MS, () =>
          fail(
            new TroupeError("SILO_LOST", `${address} did not answer within ${DIAL_TIMEOUT_MS} ms`, {
              ran: "no",
            }),
          ),
        );
        this.#clock.schedule(this.#delay(), () => {
          const listener = this.#listeners.get(address);
          if (listener === undefined) return this.#refuse(address, fail);
          if (this.#dark.has(address) || this.#isCutBetween(process.name, listener.process.name))
            return;
          listener.process.enter("dials", () => {
            if (state.over) return;
            const ends = {
              opened: (link: Link) => settle(() => resolve(link)),
              isOver: () => state.over,
            };
            void this.#meet({ process, listener, dial: { ...dial, ...ends } }, fail);
          });
        });
      });
    });
  }

  async #meet(meeting: Meeting, fail: (error: TroupeError) => void): Promise<void> {
    const { hello } = meeting.dial;
    const principal: Principal = { role: hello.role, name: hello.peerId };
    const refusal = await meeting.listener.acceptor.check(hello, principal);
    if (refusal === undefined) this.#open(meeting);
    else this.#reject(refusal, fail);
  }

  #refuse(address: string, fail: (error: TroupeError) => void): void {
    const cause = Object.assign(new Error("connection refused"), { refused: true });
    const error = new TroupeError("SILO_LOST", `no process listens on ${address}`, {
      ran: "no",
      cause,
    });
    this.#clock.schedule(this.#delay(), () => fail(error));
  }

  #reject({ code, message }: Refusal, fail: (error: TroupeError) => void): void {
    this.#clock.schedule(this.#delay(), () => fail(new TroupeError(code, message, { ran: "no" })));
  }

  #open({ process, listener, dial }: Meeting): void {
    const channel = `link ${++this.#links}`;
    const carry = (from: SimLinkEnd, parcel: Parcel): void => this.#carry(wire, from, parcel);
    const { arriving: mutated = (envelope) => [envelope] } = this.#mutation;
    const arriving = (envelope: Envelope): readonly Envelope[] =>
      this.#copies.arriving(envelope).flatMap((one) => mutated(one));
    const near = new SimLinkEnd(
      { remote: listener.acceptor.hello(), process, channel, arriving },
      carry,
      (end) => {
        if (dial.isOver()) {
          end.close("the dial was given up");
          return { onEnvelope() {}, onClose() {} };
        }
        const handlers = dial.accept(end);
        dial.opened(end);
        return handlers;
      },
    );
    const far = new SimLinkEnd(
      {
        remote: dial.hello,
        process: listener.process,
        channel,
        arriving,
        ...(this.#mutation.believes === process.name ? { role: "silo" } : {}),
      },
      carry,
    );
    const wire: Wire = {
      there: { from: near, to: far, parcels: [], lastAt: 0 },
      back: { from: far, to: near, parcels: [], lastAt: 0 },
    };
    this.#wires.add(wire);
    listener.ends.add(far);
    this.#trace.add("link", `${channel}: ${process.name} to ${listener.process.name} opens`);
    this.#send(wire.back, { kind: "open" });
    far.start(listener.acceptor.accept(far));
  }

  #carry(wire: Wire, from: SimLinkEnd, parcel: Parcel): void {
    if (!this.#wires.has(wire)) return;
    this.#send(from === wire.there.from ? wire.there : wire.back, parcel);
  }

  #send(way: Way, parcel: Parcel): void {
    const now = this.#clock.monotonic();
    way.lastAt = Math.max(way.lastAt, now + this.#delay());
    const before = way.parcels.at(-1);
    way.parcels.push({ at: way.lastAt, parcel });
    if (this.#mutation.swapsRequests === true) swapRequests(before, way.parcels.at(-1));
    this.#clock.schedule(way.lastAt - now, () => this.#deliver(way));
  }

  #deliver(way: Way): void {
    for (let next = way.parcels[0]; next !== undefined; next = way.parcels[0]) {
      if (next.at > this.#clock.monotonic() + ROUNDING_MS || this.#isCut(way)) return;
      way.parcels.shift();
      const { parcel } = next;
      const what = parcel.kind === "envelope" ? parcel.label : parcel.kind;
      this.#trace.add(
        "link",
        `${way.from.channel}: ${way.from.process.name} to ${way.to.process.name}: ${what}`,
      );
      if (parcel.kind === "close") this.#forget(way);
      way.to.take(parcel);
    }
  }

  #deliverAll(): void {
    for (const { there, back } of this.#wires) {
      this.#deliver(there);
      this.#deliver(back);
    }
  }

  /** After a close of one side nothing more goes to it. */
  #forget(way: Way): void {
    for (const wire of this.#wires) {
      if (wire.there === way || wire.back === way) this.#wires.delete(wire);
    }
  }

  #break(wire: Wire, reason: string): void {
    if (!this.#wires.delete(wire)) return;
    this.#trace.add("link", `${wire.there.from.channel} breaks: ${reason}`);
    for (const end of [wire.there.from, wire.back.from]) {
      this.#clock.schedule(this.#delay(), () => end.take({ kind: "close", reason }));
    }
  }

  #giveUpLater(wire: Wire, isStill: () => boolean): void {
    const [least, most] = KEEPALIVE_MS;
    this.#clock.schedule(least + this.#random.next() * (most - least), () => {
      if (isStill()) this.#break(wire, "the other side does not answer");
    });
  }

  #isCut(way: Way): boolean {
    return this.#cuts.has(way.from.process.name, way.to.process.name);
  }

  #isCutBetween(one: string, other: string): boolean {
    return this.#cuts.has(one, other) || this.#cuts.has(other, one);
  }

  #delay(): number {
    const { delayMs, slowShare, slowMs } = this.#weather;
    const most = this.#random.next() < slowShare ? slowMs : delayMs;
    return this.#random.next() * most;
  }
}
