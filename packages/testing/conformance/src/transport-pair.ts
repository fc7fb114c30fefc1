import type {
  Clock,
  Envelope,
  Hello,
  Link,
  LinkHandlers,
  Listener,
  Refusal,
  Transport,
} from "@troupe/core";
import { offsetClock } from "@troupe/testkit";
import { settle, type TestTime } from "@troupe/testkit";

/** What the transport suite tries: a network on which nobody listens yet. */
export interface TransportSubject {
  readonly time: TestTime;
  /** Where `listen` finds a free address by itself, such as `127.0.0.1:0`. */
  readonly listenAddress: string;
  /** The transport of one more process, whose own clock is `clock`. */
  openTransport(clock: Clock): Promise<Transport>;
  /** Closes the transports that are still open. Called once, after each test. */
  dispose(): Promise<void>;
}

/** What the suite's tests share. */
export interface TransportContext {
  readonly subject: () => TransportSubject;
  readonly wait: <T>(promise: Promise<T>) => Promise<T>;
  readonly until: (what: string, condition: () => boolean) => Promise<void>;
  /** A transport on the time's own clock. */
  readonly open: () => Promise<Transport>;
}

/** What a peer of that id says of itself. */
export function helloOf(peerId: string, fields: Partial<Hello> = {}): Hello {
  return { protocol: "1.0", cluster: "suite", role: "silo", peerId, ...fields };
}

/** One end of a link, with everything that it was told. */
export class LinkEnd implements LinkHandlers {
  readonly link: Link;
  readonly received: Envelope[] = [];
  readonly closings: string[] = [];
  /** Envelopes that came after the link was said to be closed: there must be none. */
  late = 0;
  /** Called for each envelope, after it was noted. */
  react: (envelope: Envelope) => void = () => undefined;

  constructor(link: Link) {
    this.link = link;
  }

  onEnvelope(envelope: Envelope): void {
    if (this.closings.length > 0) this.late++;
    this.received.push(envelope);
    this.react(envelope);
  }

  onClose(reason: string): void {
    this.closings.push(reason);
  }
}

export interface ListeningSide {
  readonly listener: Listener;
  /** The ends of the links that were accepted. */
  readonly ends: LinkEnd[];
  /** The hellos that were checked. */
  readonly checked: Hello[];
}

export interface ListenBehaviour {
  readonly refuse?: (remote: Hello) => Refusal | undefined;
  readonly onAccept?: (end: LinkEnd) => void;
}

/** Listens as `listener`, accepts every link that `refuse` does not, and keeps its ends. */
export async function listenWith(
  transport: Transport,
  address: string,
  behaviour: ListenBehaviour = {},
): Promise<ListeningSide> {
  const ends: LinkEnd[] = [];
  const checked: Hello[] = [];
  const listener = await transport.listen(address, {
    hello: () => helloOf("listener"),
    check: (remote) => {
      checked.push(remote);
      return behaviour.refuse?.(remote);
    },
    accept: (link) => {
      const end = new LinkEnd(link);
      ends.push(end);
      behaviour.onAccept?.(end);
      return end;
    },
  });
  return { listener, ends, checked };
}

/** Dials, and gives the dialler's end of the link. */
export async function dial(
  transport: Transport,
  address: string,
  hello = helloOf("dialler"),
): Promise<LinkEnd> {
  let end: LinkEnd | undefined;
  const link = await transport.connect(address, hello, (opened) => (end = new LinkEnd(opened)));
  if (end === undefined) throw new Error("connect resolved before it called accept");
  if (end.link !== link)
    throw new Error("connect resolved with another link than it gave to accept");
  return end;
}

/** Two processes whose monotonic clocks stand far apart, and a link between them. */
export interface TransportPair {
  readonly diallerClock: Clock;
  readonly listenerClock: Clock;
  readonly diallerTransport: Transport;
  readonly listenerTransport: Transport;
  readonly listening: ListeningSide;
  /** The dialler's end. */
  readonly near: LinkEnd;
  /** The listener's end. */
  readonly far: LinkEnd;
}

export async function openPair(subject: TransportSubject): Promise<TransportPair> {
  const { time } = subject;
  const diallerClock = offsetClock(time.clock, { monotonicMs: 5_000_000, wallMs: 86_400_000 });
  const listenerClock = offsetClock(time.clock, { monotonicMs: 17 });
  const diallerTransport = await settle(time, subject.openTransport(diallerClock));
  const listenerTransport = await settle(time, subject.openTransport(listenerClock));
  const listening = await settle(time, listenWith(listenerTransport, subject.listenAddress));
  const near = await settle(time, dial(diallerTransport, listening.listener.address));
  const far = listening.ends[0];
  if (far === undefined) throw new Error("connect resolved before the other side accepted");
  return { diallerClock, listenerClock, diallerTransport, listenerTransport, listening, near, far };
}
